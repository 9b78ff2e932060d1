package web

import (
	"encoding/json"
	"net/http"
)

// offlineAssets are the static files of the worker's pages.
var offlineAssets = []string{"css/base.css", "css/phone.css", "js/app.js", "js/phone.js", "img/icon.svg"}

// ServiceWorker answers with the script that serves the worker's pages without
// network: the static files and the page at shell, which must hold nothing
// personal. It stands at the root of the site, whose pages it may then answer.
func ServiceWorker(shell string) Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		urls := make([]string, len(offlineAssets))
		build := ""
		for i, name := range offlineAssets {
			urls[i] = AssetURL(name)
			build += assetTable()[name].hash[:4]
		}
		conf, err := json.Marshal(map[string]any{"build": build, "assets": urls, "shell": shell})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Write([]byte("self.WANGGE=" + string(conf) + ";\n"))
		_, err = w.Write(assetTable()["js/sw.js"].plain)
		return err
	}
}
