package web

// Class says how much a request matters when there are more than the server
// can answer. The lower the number, the longer it is served.
type Class int

// The classes, the most important first.
const (
	Urgent Class = iota // emergency exits, acknowledgements of tasks
	Work                // marks and scans: what people at a door wait for
	Read                // pages, lists, live updates
	Heavy               // exports, charts, imports
)

// Classes are all classes, the most important first.
var Classes = []Class{Urgent, Work, Read, Heavy}

// String is the class's name in metrics and messages.
func (c Class) String() string { return [...]string{"urgent", "work", "read", "heavy"}[c] }

// Classify puts registered routes into a class; what is in none is Read. It
// panics where a pattern has no route, which is an error of the program.
func (a *App) Classify(c Class, patterns ...string) {
	known := make(map[string]bool, len(a.served))
	for _, p := range a.served {
		known[p] = true
	}
	for _, p := range patterns {
		if !known[p] {
			panic("web: no route " + p + " to classify")
		}
		rt := a.routes[p]
		rt.class, rt.classed = c, true
		a.routes[p] = rt
	}
}

// classOf is the class of a route.
func (rt route) classOf() Class {
	if rt.classed {
		return rt.class
	}
	return Read
}
