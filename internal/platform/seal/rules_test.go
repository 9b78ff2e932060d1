package seal

import "testing"

func TestNormal(t *testing.T) {
	for _, c := range []struct {
		name     string
		fn       func(string) string
		in, want string
	}{
		{"name", NormName, " 张 三\u3000", "张三"},
		{"name", NormName, "阿依古丽•买买提", "阿依古丽·买买提"},
		{"name", NormName, "阿依古丽・买买提", "阿依古丽·买买提"},
		{"name", NormName, "Ｌｉ Ming", "liming"},
		{"phone", NormPhone, "+86 138-1234-5678", "13812345678"},
		{"phone", NormPhone, "１３８１２３４５６７８", "13812345678"},
		{"phone", NormPhone, "0451-8765 4321", "045187654321"},
		{"phone", NormPhone, "86612345", "86612345"},
		{"phone", NormPhone, "none", ""},
		{"idno", NormIDNo, " 11010519491231002x ", "11010519491231002X"},
		{"idno", NormIDNo, "110105491231002", "11010519491231002X"},
		{"idno", NormIDNo, "110105499931002", "110105499931002"},
		{"idno", NormIDNo, "e-12345678", "E12345678"},
		{"last four", LastFour, "138 1234 5678", "5678"},
		{"last four", LastFour, "123", ""},
		{"mask name", MaskName, "张三丰", "张*"},
		{"mask name", MaskName, "", ""},
		{"mask phone", MaskPhone, "13812341234", "138****1234"},
		{"mask phone", MaskPhone, "8765", "**65"},
		{"mask phone", MaskPhone, "5", "*"},
		{"mask idno", MaskIDNo, "230103197001011234", "2301**********1234"},
		{"mask idno", MaskIDNo, "E12345678", "E******78"},
		{"mask idno", MaskIDNo, "E1", "*1"},
	} {
		if got := c.fn(c.in); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.name, c.in, got, c.want)
		}
	}
	if !IsMasked("张*") || !IsMasked("138＊＊") || IsMasked("张三") {
		t.Error("IsMasked")
	}
	if CheckDigit("11010519491231002") != 'X' || CheckDigit("1") != 0 {
		t.Error("CheckDigit")
	}
}
