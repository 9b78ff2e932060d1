package bench

import (
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

func round3(v float64) float64 { return math.Round(v*1000) / 1000 }

// percentile returns the p-th part (0 to 1) of the durations in ms.
func percentile(list []time.Duration, p float64) float64 {
	if len(list) == 0 {
		return 0
	}
	s := slices.Clone(list)
	slices.Sort(s)
	i := min(len(s)-1, int(math.Ceil(p*float64(len(s))))-1)
	return float64(s[max(0, i)].Microseconds()) / 1000
}

func perSecond(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// resetPeak makes peakMB begin anew, where the system can.
func resetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// peakMB is the most memory the process has had, in MB; 0 where the system
// does not say.
func peakMB() float64 { return statusMB("VmHWM:") }

// residentMB is the memory the process has now, in MB; 0 where the system does
// not say.
func residentMB() float64 { return statusMB("VmRSS:") }

func statusMB(key string) float64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(line, key); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}
