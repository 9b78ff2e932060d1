package roster

import "testing"

// TestOwnersAndFlats reads the template of property software: owners in one
// sheet, flats in another, joined by the owner's number.
func TestOwnersAndFlats(t *testing.T) {
	flats := func(rows ...[]any) sheetOf {
		return sheetOf{name: "房屋信息", rows: append([][]any{{"房屋编号", "楼栋编号", "单元编号", "房屋楼层", "房屋户型", "建筑面积", "业主编号"}}, rows...)}
	}
	owners := func(rows ...[]any) sheetOf {
		return sheetOf{name: "业主信息", rows: append([][]any{{"业主编号", "业主名称", "性别", "年龄", "手机号", "身份证号"}}, rows...)}
	}
	units := sheetOf{name: "楼栋单元", rows: [][]any{{"楼栋号", "单元编号", "总层数", "是否有电梯"}, {1, 1, 33, "有"}, {1, 2, 33, "有"}}}
	for _, m := range []mess{{name: "owners and flats in two sheets",
		sheets: []sheetOf{units,
			owners([]any{1, "张三", "男", 30, "13812345678"}, []any{"2.0", "李四", "女", 40, "13812345679"}, []any{"3", "王五", "男", 50, "", "110105194912310021"},
				[]any{4, "赵六", "男", 60, "13812345670"}, []any{"", "孙八", "男", 20}),
			flats([]any{1011, 1, 1, 1, 1010, 94.5, 1}, []any{1012, 1, 1, 1, 1010, 94.5, "2"}, []any{1013, 1, 1, 1, 1010, 94.5, 3},
				[]any{1014, 1, 1, 1, 1010, 94.5, 9}, []any{1015, 1, 1, 1, 1010, 94.5}, []any{1016, 1, 1, 1, 1010, 94.5, 1})},
		want:  "building=A unit=B @1 2=0+0+2\nname=B sex=C idno=F phone=E @1 5=2+3+0\nbuilding=B unit=C floor=D room=A @1 6=5+1+0",
		lines: []string{"1/1/1011/张三 f=1 head=张三 sex=M tel=13812345678", "1/1/1012/李四 f=1 head=李四 sex=F tel=13812345679", "1/1/1014/ f=1", "1/1/1015/ f=1", "1/1/1016/ f=1"},
		found: []string{"1  error not_roster", "4 F error idno_check", "5 A error owner_no_flat", "6 A error owner_no_missing", "4 G error owner_refused", "5 G doubt owner_missing", "7 G doubt owner_again"}, totals: "5 2 2"},
		{name: "flats first, a family under one number",
			sheets: []sheetOf{flats([]any{"101", "2号楼", 1, 1, "", "", "A1"}, []any{"102", "2号楼", 1, 1, "", "", "a2"}),
				{name: "业主", rows: [][]any{{"业主编号", "姓名", "与业主关系", "电话"}, {"A1", "张三", "本人", "13812345678"}, {"", "李梅", "配偶", ""}, {"A2", "王五", "本人", ""}}}},
			want:   "building=B unit=C floor=D room=A @1 2=2+0+0\nname=B relation=C phone=D @1 3=3+0+0",
			lines:  []string{"2/1/101/张三 f=1 head=张三 rel=本人 tel=13812345678", "2/1/101/李梅 f=1 head=张三 rel=配偶", "2/1/102/王五 f=1 head=王五 rel=本人"},
			totals: "2 2 3"},
	} {
		t.Run(m.name, m.check)
	}
}
