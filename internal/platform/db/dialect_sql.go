package db

import "database/sql"

// dialect is what differs between the engines in words.
type dialect struct {
	begin         string // a write transaction
	beginRelaxed  string // one that takes its own row locks
	commit        string
	rollback      string
	forUpdate     string // after a SELECT whose rows the transaction will change
	snapshot      sql.IsolationLevel
	maxVars       int // bound variables in one statement
	tables        string
	versionExists string
	size          string // the bytes of the database; SQLite looks at its file
}

var liteDialect = dialect{
	begin:         "BEGIN IMMEDIATE",
	beginRelaxed:  "BEGIN IMMEDIATE",
	commit:        "COMMIT",
	rollback:      "ROLLBACK",
	snapshot:      sql.LevelDefault,
	maxVars:       32766,
	versionExists: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '" + versionTable + "'",
	tables:        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
}

var pgDialect = dialect{
	begin:        "BEGIN ISOLATION LEVEL SERIALIZABLE",
	beginRelaxed: "BEGIN ISOLATION LEVEL READ COMMITTED",
	commit:       "COMMIT",
	rollback:     "ROLLBACK",
	forUpdate:    " FOR UPDATE",
	size:         "SELECT pg_database_size(current_database())",
	snapshot:     sql.LevelRepeatableRead,
	maxVars:      65535,
	versionExists: `SELECT count(*) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
		AND c.relkind = 'r' AND c.relname = '` + versionTable + `'`,
	tables: `SELECT count(*) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
		AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		AND NOT EXISTS (SELECT 1 FROM pg_depend p WHERE p.objid = c.oid AND p.deptype = 'e')`,
}

// versionTable records the migrations that ran, and marks a database as ours.
const versionTable = "wangge_schema"

const selectVersions = "SELECT version_id FROM " + versionTable + " WHERE version_id > 0"

// applicationID marks a SQLite file as ours in its header ("WANG").
const applicationID = 0x57414e47
