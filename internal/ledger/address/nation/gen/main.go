// Command gen packs the national lists of area codes into one table, which
// package nation unpacks, and lists the short names that tell little: gen FOLDER
// OUT, where FOLDER holds the CSV files of china-division, and OUT words.json.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

var files = []string{"national_provinces_2023.csv", "national_cities_2023.csv", "national_areas_2023.csv", "national_streets_2023.csv.gz", "villages_2023_code_name.csv.gz"}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	var rows [][2]string
	for _, name := range files {
		more, err := read(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i][0] < rows[j][0] })
	if err := common(rows, filepath.Join(out, "words.json"), filepath.Join(out, "common.txt")); err != nil {
		return err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, r := range rows {
		code := r[0]
		if len(code) == 12 {
			code = code[9:] // it stands below its street
		}
		if _, err := fmt.Fprintf(z, "%s %s\n", code, r[1]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "nation.txt.gz"), packed.Bytes(), 0o644)
}

// read gives code and name of each row of one list.
func read(path string) ([][2]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	c := csv.NewReader(in)
	c.FieldsPerRecord = -1
	list, err := c.ReadAll()
	if err != nil {
		return nil, err
	}
	var rows [][2]string
	for _, r := range list[1:] {
		rows = append(rows, [2]string{r[0], strings.Join(strings.Fields(r[1]), "")})
	}
	return rows, nil
}
