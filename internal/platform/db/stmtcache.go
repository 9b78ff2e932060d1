package db

import (
	"container/list"
	"context"
	"database/sql"
)

// maxStmts is how many prepared statements the writer keeps.
const maxStmts = 256

// stmtCache keeps the prepared statements of one connection, the most recently
// used first. It is used by one goroutine at a time.
type stmtCache struct {
	conn  *sql.Conn
	byKey map[string]*list.Element
	order *list.List
}

type cachedStmt struct {
	query string
	stmt  *sql.Stmt
}

func newStmtCache(c *sql.Conn) *stmtCache {
	return &stmtCache{conn: c, byKey: map[string]*list.Element{}, order: list.New()}
}

// get returns the prepared statement of the query.
func (s *stmtCache) get(ctx context.Context, query string) (*sql.Stmt, error) {
	if e, ok := s.byKey[query]; ok {
		s.order.MoveToFront(e)
		return e.Value.(*cachedStmt).stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.byKey[query] = s.order.PushFront(&cachedStmt{query, stmt})
	if s.order.Len() > maxStmts {
		s.drop(s.order.Back())
	}
	return stmt, nil
}

func (s *stmtCache) drop(e *list.Element) {
	c := e.Value.(*cachedStmt)
	s.order.Remove(e)
	delete(s.byKey, c.query)
	c.stmt.Close()
}

// close finalizes every statement.
func (s *stmtCache) close() {
	for s.order.Len() > 0 {
		s.drop(s.order.Back())
	}
}
