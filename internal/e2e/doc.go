// Package e2e walks the whole story of a screening round in a real browser,
// against the whole application: from a property office's messy workbook to the
// last door accounted for. It holds tests only.
package e2e
