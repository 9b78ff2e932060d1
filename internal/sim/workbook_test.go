package sim

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func story(t *testing.T) *Community {
	t.Helper()
	d := mustPlan(t, "nangang", 20_000, 1)
	for c := range d.Communities() {
		if c.HasEstate() {
			return c
		}
	}
	t.Fatal("no community with an estate")
	return nil
}

func TestWorkbook(t *testing.T) {
	c := story(t)
	var buf bytes.Buffer
	truth, err := Workbook(&buf, 9, c, RosterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(buf.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := len(f.GetSheetList()); got != truth.Sheets+1 || truth.Sheets < 2 {
		t.Errorf("%d sheets, truth says %d with people", got, truth.Sheets)
	}
	if truth.Damaged != 4 || truth.Persons < 40 || truth.Households < 20 || truth.Doors < truth.Households*9/10 || len(truth.Wrong) != 2 {
		t.Errorf("truth %+v", truth)
	}
	people, damaged, floats, merged, totals := 0, 0, 0, 0, 0
	for _, sheet := range f.GetSheetList()[1:] {
		cells, _ := f.GetMergeCells(sheet)
		merged += len(cells)
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			get := func(key string) string {
				if i := int(column(key)[0] - 'A'); i < len(r) {
					return strings.TrimSpace(r[i])
				}
				return ""
			}
			if strings.HasPrefix(get("serial"), bookWords.Total) {
				totals++
			}
			if _, err := strconv.Atoi(get("serial")); err != nil {
				continue
			}
			people++
			if id := get("idno"); len(id) == 18 && strings.HasSuffix(id, "000") && checkDigit([]byte(id[:17])) != id[17] || strings.Contains(id, "E+") {
				damaged++
			}
			if v := get("phone"); strings.Contains(v, "E+") || strings.HasSuffix(v, ".0") {
				floats++
			}
		}
	}
	if people != truth.Persons || damaged != truth.Damaged || totals != truth.Sheets {
		t.Errorf("%d people, %d damaged, %d totals; truth %+v", people, damaged, totals, truth)
	}
	if floats == 0 || merged < truth.Sheets*5 {
		t.Errorf("too tidy: %d float phones, %d merges", floats, merged)
	}
	var again bytes.Buffer
	if second, err := Workbook(&again, 9, story(t), RosterOptions{}); err != nil || second.Persons != truth.Persons {
		t.Errorf("second time: %+v %v", second, err)
	}
	var small bytes.Buffer
	if one, err := Workbook(&small, 9, c, RosterOptions{Buildings: 1, Damaged: 1}); err != nil || one.Sheets != 1 || one.Damaged != 1 {
		t.Errorf("one building: %+v %v", one, err)
	}
}

func TestWorkbookNeedsEstate(t *testing.T) {
	if _, err := Workbook(&bytes.Buffer{}, 1, &Community{}, RosterOptions{}); err == nil {
		t.Error("a community without an estate got a workbook")
	}
}

func TestSerialDay(t *testing.T) {
	for d, want := range map[Date]int{{1970, 1, 1}: 25569, {2022, 3, 1}: 44621, {1960, 2, 29}: 21975} {
		if got := serialDay(d); got != want {
			t.Errorf("%s: %d, want %d", d, got, want)
		}
	}
}
