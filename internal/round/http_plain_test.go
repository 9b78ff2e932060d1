package round

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// plainBodies are batches as programs write them.
var plainBodies = []string{
	`{"marks":[{"round_id":"7","object_id":"123456789012345678","result":"answered","answers":{"head_count":"3","symptom":"no"},"how":"door"}]}`,
	` { "marks" : [ {"object_id":"1", "round_id":"2","result":"absent","note":"敲门没人","client_key":"k1","claimed_ms":1650000000000,"sent_ms":0,"correct":true,"photo_id":"9"} , {"round_id":"2","object_id":"3","result":"x"}],"tell_contradictions":false}` + "\n",
	`{"marks":[{"round_id":"7","object_id":"1","result":"answered","answers":{}}],"tell_contradictions":true}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a","answers":{"a":"b","a":"c"}}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"` + strings.Repeat("长", 40) + `"}]}`,
}

// oddBodies are left to the library, right or wrong.
var oddBodies = []string{
	`{"marks":[]}`, `{"marks":[{"object_id":"1"}]}`, `{}`, `[]`, ``, `{"marks":null}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a\"b"}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a","result":"b"}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a","Result":"b"}]}`,
	`{"marks":[{"round_id":7,"object_id":"1","result":"a"}]}`,
	`{"marks":[{"round_id":"","object_id":"1","result":"a"}]}`,
	`{"marks":[{"round_id":"-7","object_id":"1","result":"a"}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a","claimed_ms":01}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a","claimed_ms":1.5}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a","how":"shouted"}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a","members":[]}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"` + strings.Repeat("长", 41) + `"}]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a"},]}`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a"}]} x`,
	`{"marks":[{"round_id":"7","object_id":"1","result":"a"}],"marks":[{"round_id":"7","object_id":"1","result":"a"}]}`,
	"{\"marks\":[{\"round_id\":\"7\",\"object_id\":\"1\",\"result\":\"\xff\"}]}",
	`{"marks":[` + strings.Repeat(`{"round_id":"7","object_id":"1","result":"a"},`, maxBatch) + `{"round_id":"7","object_id":"1","result":"a"}]}`,
}

func TestPlainBatchesAreTakenPlainly(t *testing.T) {
	for _, body := range plainBodies {
		if _, ok := plainBatch([]byte(body)); !ok {
			t.Errorf("not plain: %s", body)
		}
	}
	for _, body := range oddBodies {
		if _, ok := plainBatch([]byte(body)); ok {
			t.Errorf("plain: %.200s", body)
		}
	}
}

// What is read plainly is what the library reads, and it would find no fault.
func FuzzPlainBatch(f *testing.F) {
	for _, body := range append(plainBodies, oddBodies...) {
		f.Add(body)
	}
	body := reflect.TypeFor[batchIn]().Field(0).Type
	reg := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	schema := huma.SchemaFromType(reg, body)
	schema.PrecomputeMessages()
	f.Fuzz(func(t *testing.T, raw string) {
		got, ok := plainBatch([]byte(raw))
		if !ok {
			return
		}
		var want batchIn
		if err := json.Unmarshal([]byte(raw), &want.Body); err != nil {
			t.Fatalf("%s: plain, but %v", raw, err)
		}
		if !reflect.DeepEqual(*got, want) {
			t.Fatalf("%s:\nplain %+v\nlibrary %+v", raw, *got, want)
		}
		var parsed any
		if err := json.Unmarshal([]byte(raw), &parsed); err != nil {
			t.Fatal(err)
		}
		var res huma.ValidateResult
		huma.Validate(reg, schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, parsed, &res)
		if len(res.Errors) > 0 {
			t.Fatalf("%s: plain, but %v", raw, res.Errors)
		}
	})
}

func BenchmarkReadingABatch(b *testing.B) {
	one := `{"round_id":"117646389187805184","object_id":"117646389187805185","result":"answered","answers":{"away_return":"no","head_count":"3","symptom":"no"},"how":"door"}`
	raw := []byte(`{"marks":[` + strings.Repeat(one+",", 49) + one + `]}`)
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if _, ok := plainBatch(raw); !ok {
				b.Fatal("not plain")
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			var parsed any
			var in batchIn
			if json.Unmarshal(raw, &parsed) != nil || json.Unmarshal(raw, &in.Body) != nil {
				b.Fatal("not read")
			}
		}
	})
}
