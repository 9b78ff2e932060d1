package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// shutdownWait is how long running requests get to finish at the end.
const shutdownWait = 20 * time.Second

// Listen opens the address that ServeOn answers on, with TLS when a
// certificate and a key are named; their files are read again when they
// change. An address that is taken and a certificate
// that cannot be read are errors of kind Unavailable.
func Listen(listen, tlsCert, tlsKey string) (net.Listener, error) {
	var conf *tls.Config
	if tlsCert != "" || tlsKey != "" {
		files, err := loadCert(tlsCert, tlsKey, clock.Real())
		if err != nil {
			return nil, err
		}
		conf = &tls.Config{GetCertificate: files.current, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, &errs.Error{Op: "web.Listen", Kind: errs.Unavailable, Key: "web.error.listen", Args: []any{listen}, Err: err}
	}
	if conf != nil {
		ln = tls.NewListener(ln, conf)
	}
	return ln, nil
}

// ServeOn answers HTTP on a listener of Listen until ctx ends, then stops
// accepting, calls atEnd (which closes streams, as Hub.Close does), waits for the
// running requests and closes the listener. A clean end returns nil.
func ServeOn(ctx context.Context, ln net.Listener, handler http.Handler, log *slog.Logger, atEnd ...func()) error {
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      DefaultTimeout + 10*time.Second, // routes set their own; this one starts anew with each request
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	for _, f := range atEnd {
		srv.RegisterOnShutdown(f)
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return errs.Wrap("web.ServeOn", err)
	case <-ctx.Done():
	}
	log.Info("shutting down: finishing running requests")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWait)
	defer cancel()
	err := srv.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		srv.Close()
		return errs.Wrap("web.ServeOn", errors.New("some requests did not finish in time and were cut off"))
	}
	return errs.Wrap("web.ServeOn", err)
}
