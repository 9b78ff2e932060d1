package address

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wangge/internal/platform/clock"
)

// TestParse shows what is understood, one kind of writing a line.
func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"上疃村12号", `{"community":"上疃村","room":"12"}`},
		{"太阳村10组", `{"community":"太阳村","group":"10"}`},
		{"格水村三巷十号三楼", `{"community":"格水村","road":"三巷","roadno":"10","floor":"3"}`},
		{"黑龙江省哈尔滨市南岗区奋斗路街道", `{"province":"黑龙江省","city":"哈尔滨市","county":"南岗区","street":"奋斗路街道"}`},
		{"哈尔滨南岗区学府路382号", `{"city":"哈尔滨","county":"南岗区","road":"学府路","roadno":"382"}`},
		{"上海市闵行区梧塘镇青桐路688弄71号1301室", `{"city":"上海市","county":"闵行区","street":"梧塘镇","road":"青桐路","lane":"688","building":"71","room":"1301"}`},
		{"上海市闵行区云栖水岸35-501", `{"city":"上海市","county":"闵行区","compound":"云栖水岸","building":"35","room":"501"}`},
		{"北京 北京市 顺义区 胜利街道宜宾南区2-2-401  李某 18200001280", `{"province":"北京","city":"北京市","county":"顺义区","street":"胜利街道","compound":"宜宾南区","building":"2","unit":"2","room":"401","name":"李某","phone":"18200001280"}`},
		{"花园小区1楼三单元301\n15801691123", `{"compound":"花园小区","building":"1","unit":"3","room":"301","phone":"15801691123"}`},
		{"北京市密云区花园小区1楼三单元30115800001094 唐某收", `{"city":"北京市","county":"密云区","compound":"花园小区","building":"1","unit":"3","room":"301","name":"唐某","phone":"15800001094"}`},
		{"深圳市罗湖区凤凰路中山花园1栋582室，刘某，电話13100001199", `{"city":"深圳市","county":"罗湖区","road":"凤凰路","compound":"中山花园","building":"1","room":"582","name":"刘某","phone":"13100001199"}`},
		{"收货人: 唐某\n手机号码: 15500001148\n所在地区: 四川省南充市营山县城南街道\n详细地址: 宝珍花园顺安街21号楼801", `{"province":"四川省","city":"南充市","county":"营山县","street":"城南街道","road":"顺安街","compound":"宝珍花园","building":"21","room":"801","name":"唐某","phone":"15500001148"}`},
		{"王某13900001235湖南省郴州市桂东县桂东县清泉镇", `{"province":"湖南省","city":"郴州市","county":"桂东县","street":"清泉镇","name":"王某","phone":"13900001235"}`},
		{"３号楼２单元６０２室", `{"building":"3","unit":"2","room":"602"}`},
		{"十二栋二单元三〇二", `{"building":"12","unit":"2","room":"302"}`},
		{"华山小区17栋6单元", `{"compound":"华山小区","building":"17","unit":"6"}`},
		{"潮华雅居10栋000房 肖小姐 13800001111", `{"compound":"潮华雅居","building":"10","room":"000","name":"肖小姐","phone":"13800001111"}`},
		{"下沙12号大街与11号大街交叉口和达自由港3幢502", `{"street":"下沙","road":"12号大街","compound":"和达自由港","building":"3","room":"502","rest":"与 11号大街 交叉口"}`},
		{"余杭区临平五洲路186号", `{"county":"余杭区","street":"临平","road":"五洲路","roadno":"186"}`},
		{"九龙湖西路11-2号", `{"road":"九龙湖西路","roadno":"11","building":"2"}`},
		{"学府路36-38号3-11号楼502", `{"road":"学府路","roadno":"36-38","building":"3-11","room":"502"}`},
		{"学府路382-1203", `{"road":"学府路","roadno":"382","room":"1203"}`},
		{"玫瑰湾三期120栋83A", `{"compound":"玫瑰湾","phase":"3","building":"120","room":"83A"}`},
		{"机电市场东区952门面", `{"compound":"机电市场","phase":"东区","room":"952"}`},
		{"万达广场9楼522", `{"compound":"万达广场","floor":"9","room":"522"}`},
		{"花园小区3楼502", `{"compound":"花园小区","building":"3","room":"502"}`},
		{"新九天7B844", `{"compound":"新九天","building":"7B","room":"844"}`},
		{"金色家园5一6一1443", `{"compound":"金色家园","building":"5","unit":"6","room":"1443"}`},
		{"国际商贸城8楼A21-2", `{"compound":"国际商贸城","floor":"8","room":"A21-2"}`},
		{"渔渡北路5巷90号", `{"road":"渔渡北路","rest":"5巷 90号"}`},
		{"义乌兴港小区829-10-1060", `{"county":"义乌","compound":"兴港小区","building":"829","unit":"10","room":"1060"}`},
		{"平安嘉苑小区3号楼501", `{"compound":"平安嘉苑小区","building":"3","room":"501"}`},
		{"五金市场门口3号厂房", `{"compound":"五金市场","phase":"3号厂房","rest":"门口"}`},
		{"椒源下村12号", `{"community":"椒源下村","room":"12"}`},
		{"平房区3排5号", `{"county":"平房区","building":"3","room":"5"}`},
		{"3栋5号", `{"building":"3","unit":"5"}`},
		{"高桥镇新胜村工业园区24号", `{"street":"高桥镇","compound":"新胜村工业园区","building":"24"}`},
		{"龙港镇东城路15号中国移动公司", `{"street":"龙港镇","road":"东城路","roadno":"15","compound":"中国移动公司"}`},
		{"云栖水岸84楼902室", `{"compound":"云栖水岸","building":"84","room":"902"}`},
		{"哈尔滨南岗哈尔滨南岗文昌小区1幢2单元602室", `{"city":"哈尔滨","county":"南岗","compound":"文昌小区","building":"1","unit":"2","room":"602"}`},
		{"浙江省杭州市余杭区康宁合府10栋101 电联", `{"province":"浙江省","city":"杭州市","county":"余杭区","compound":"康宁合府","building":"10","room":"101"}`},
		{"国际商贸城四区6楼12街41446", `{"compound":"国际商贸城","phase":"四区","unit":"12街","floor":"6","room":"41446"}`},
		{"近江时代大厦C1215", `{"compound":"近江时代大厦","building":"C","room":"1215"}`},
		{"越隆大厦1103-2", `{"compound":"越隆大厦","room":"1103-2"}`},
		{"金华国际商贸城A1209", `{"city":"金华","compound":"国际商贸城","room":"A1209"}`},
		{"莘塍镇周田人民路986号", `{"street":"莘塍镇","community":"周田","road":"人民路","roadno":"986"}`},
		{"桐乡市濮院镇红晓新村116号", `{"county":"桐乡市","street":"濮院镇","community":"红晓新村","room":"116"}`},
		{"桐乡市濮院镇红晓新村6幢116室", `{"county":"桐乡市","street":"濮院镇","compound":"红晓新村","building":"6","room":"116"}`},
		{"永嘉县瓯北镇和一村", `{"county":"永嘉县","street":"瓯北镇","community":"和一村"}`},
		{"长寿路街道曹杨五村12号", `{"street":"长寿路街道","compound":"曹杨五村","building":"12"}`},
		{"云南省大理白族自治州剑川县金华镇文华文源村74号", `{"province":"云南省","city":"大理白族自治州","county":"剑川县","street":"金华镇","community":"文华","compound":"文源村","room":"74"}`},
		{"温岭市泽国镇夹屿双峰村82号", `{"county":"温岭市","street":"泽国镇","community":"双峰村","room":"82","rest":"夹屿"}`},
		{"温州龙湾区永兴街道乐一村村委会", `{"city":"温州","county":"龙湾区","street":"永兴街道","community":"乐一村","compound":"村委会"}`},
		{"衢州市柯城区航埠镇彭村村1392号", `{"city":"衢州市","county":"柯城区","street":"航埠镇","community":"彭村村","room":"1392"}`},
		{"温岭市横峰街道石刺头三区28号", `{"county":"温岭市","street":"横峰街道","community":"石刺头","roadno":"28","phase":"三区"}`},
		{"杭州市余杭区乔司镇永西六组197号", `{"city":"杭州市","county":"余杭区","street":"乔司镇","community":"永西","group":"6","roadno":"197"}`},
		{"新兴镇坑李村坑李自然村672号", `{"street":"新兴镇","community":"坑李村","compound":"坑李自然村","room":"672"}`},
		{"延寿县玉河镇新城村东沟屯12号", `{"county":"延寿县","street":"玉河镇","community":"新城村","group":"东沟屯","roadno":"12"}`},
		{"闲林街道闲林山水紫薇苑62幢", `{"street":"闲林街道","compound":"闲林山水紫薇苑","building":"62"}`},
		{"中华大道农村信用社", `{"road":"中华大道","compound":"农村信用社"}`},
		{"浦江县岩头镇西黄村一区141号", `{"county":"浦江县","street":"岩头镇","community":"西黄村","roadno":"141","phase":"一区"}`},
		{"苍南县龙港镇大店村章家楼972号", `{"county":"苍南县","street":"龙港镇","community":"大店村","roadno":"972","compound":"章家楼"}`},
		{"四季青老杭派2072档口", `{"compound":"四季青老杭派","room":"2072"}`},
		{"侨中小区15幢3号商铺", `{"compound":"侨中小区","building":"15","room":"3"}`},
		{"国际贸易大厦146号", `{"compound":"国际贸易大厦","room":"146"}`},
		{"上江紧固件市场8-20", `{"compound":"上江紧固件市场","building":"8","room":"20"}`},
		{"靠山村村委会黄土屯14号", `{"community":"靠山村村委会","group":"黄土屯","roadno":"14"}`},
		{"靠山村村委会 黄土屯14号 张伟", `{"community":"靠山村村委会","group":"黄土屯","roadno":"14","name":"张伟"}`},
		{"哈尔滨市南岗区王岗镇金岗湾社区社区居民委员会民生小区1号楼", `{"city":"哈尔滨市","county":"南岗区","street":"王岗镇","community":"金岗湾社区社区居民委员会","compound":"民生小区","building":"1"}`},
		{"余姚市泗门镇东蒲村村委附近", `{"county":"余姚市","street":"泗门镇","community":"东蒲村","compound":"村委","rest":"附近"}`},
		{"镇雄县以勤镇茶木村民委员会51号", `{"county":"镇雄县","street":"以勤镇","community":"茶木村民委员会","room":"51"}`},
		{"海宁市长安镇农发区之江路97号", `{"county":"海宁市","street":"长安镇","road":"之江路","roadno":"97","compound":"农发区"}`},
		{"义乌市北苑工业区丹晨二路104号", `{"county":"义乌市","street":"北苑","road":"丹晨二路","roadno":"104","compound":"工业区"}`},
		{"温岭市大溪镇大溪注塑园区", `{"county":"温岭市","street":"大溪镇","compound":"大溪注塑园区"}`},
		{"", `{}`},
		{"，。！", `{}`},
	} {
		got, err := json.Marshal(Parse(c.text))
		if err != nil || string(got) != c.want {
			t.Errorf("%s\n got %s\nwant %s %v", c.text, got, c.want, err)
		}
	}
}

// TestOneCompound reads one compound written in 154 ways: building and room of
// at least 98 % are exact. Left out are six rows whose truth contradicts their
// text: two tell a building or room it does not hold, in four the room was typed
// into the building's column again.
func TestOneCompound(t *testing.T) {
	f, err := os.Open("testdata/one_compound_variants.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all, right := 0, 0
	for _, row := range rows[1:] {
		text, building, room := row[0], row[5], row[6]
		if !strings.Contains(text, building) || !strings.Contains(text, room) || building == room {
			continue
		}
		all++
		if a := Parse(text); a.Building == building && a.Room == room {
			right++
		} else {
			t.Logf("%s: %s/%s, not %s/%s", text, a.Building, a.Room, building, room)
		}
	}
	t.Logf("%d of %d", right, all)
	if all != 148 || right*100 < all*98 {
		t.Error("fewer than 98 % are exact")
	}
}

// TestSpansLieInTheText: parts are in the order of the text and do not overlap.
func TestSpansLieInTheText(t *testing.T) {
	for _, text := range []string{"姓名：张三，上海市闵行区１号楼３０１", "收件人: 李四 13800001111 花园小区3-2-501"} {
		checkSpans(t, text)
	}
}

func checkSpans(t *testing.T, text string) {
	t.Helper()
	at := 0
	for _, s := range Spans(text) {
		if s.Start < at || s.End <= s.Start || s.End > utf8.RuneCountInString(text) {
			t.Fatalf("%q: %+v after %d", text, s, at)
		}
		at = s.End
	}
}

// FuzzParse: no text makes it panic or lose its way.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "上疃村12号", "3-2-501", "花园小区1楼三单元30115801691123", "\xff\xfe号", "第第第1号", strings.Repeat("1-", 200), "百十百十百号", "X-1-", "0-0", "１２３号", "收件人", "邮编：", "138 1234 5678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Parse(s)
		checkSpans(t, s)
	})
}

// TestLongTexts: 10,000 characters of any kind are read, and soon: names that
// never end are not looked for again and again.
func TestLongTexts(t *testing.T) {
	for _, piece := range []string{"小区路", "公寓路", "花园期南岗区路", "1一", "临平五洲路", "12号大街", "广场", "对面", "上", "村", "1", "一", "百", "路", "1-", "号", "南岗区", "花园小区1楼三单元301", "收件人", "13800001111", " ", "A"} {
		text := strings.Repeat(piece, 20_000/utf8.RuneCountInString(piece))
		sw := clock.Start()
		spans := Spans(text)
		if sw.Elapsed() > 2*time.Second {
			t.Error(piece, sw.Elapsed())
		}
		if slices.ContainsFunc(spans, func(s Span) bool { return s.End > maxRunes }) {
			t.Error(piece, "beyond the limit")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	texts := []string{"上海市闵行区梧塘镇青桐路688弄云栖水岸71号1301室", "北京 北京市 顺义区 胜利街道宜宾南区2-2-401  李某 18200001280", "上疃村12号", "哈尔滨南岗区学府路382号家得乐小区3号楼2单元501", "黑龙江省哈尔滨市延寿县玉河镇新城村3组12号"}
	Parse(texts[0])
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Parse(texts[i%len(texts)])
	}
}
