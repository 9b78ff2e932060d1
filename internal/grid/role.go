package grid

import (
	_ "embed"
	"slices"

	"gopkg.in/yaml.v3"
)

// Role names a kind of post: what its holder may do and see. Local aliases
// change only how a role is written on pages.
type Role string

// The roles shipped in roles.yaml.
const (
	RoleAdmin          Role = "admin"
	RoleCommand        Role = "district_command"
	RoleDepartment     Role = "department"
	RoleStreet         Role = "street"
	RoleCommunity      Role = "community"
	RoleProperty       Role = "property"
	RoleGridWorker     Role = "grid_worker"
	RoleBuildingLeader Role = "building_leader"
	RoleRepresentative Role = "representative"
	RoleVolunteer      Role = "volunteer"
	RoleAuditor        Role = "auditor"
)

// Permission names something a post may do within its scope.
type Permission string

// The permissions roles.yaml may grant.
const (
	PlaceRead      Permission = "place.read"
	PlaceWrite     Permission = "place.write"
	GridWrite      Permission = "grid.write"
	PostWrite      Permission = "post.write"
	AccountManage  Permission = "account.manage"
	AuditRead      Permission = "audit.read"
	EmergencyWrite Permission = "emergency.write"
	LedgerRead     Permission = "ledger.read"
	LedgerUnmask   Permission = "ledger.unmask"
	LedgerWrite    Permission = "ledger.write"
	LedgerImport   Permission = "ledger.import"
	FormWrite      Permission = "form.write"
	RoundRead      Permission = "round.read"
	RoundDraft     Permission = "round.draft"
	RoundApprove   Permission = "round.approve"
	RoundMark      Permission = "round.mark"
	RoundClose     Permission = "round.close"
	RoundRecheck   Permission = "round.recheck"
	TaskDo         Permission = "task.do"    // hold tasks and work on them, report up
	TaskIssue      Permission = "task.issue" // give tasks to posts below
	Inspect        Permission = "inspect"    // draw unannounced visits and record what they find
	TaskKind       Permission = "task.kind"  // define the place's own kinds of tasks
	Export         Permission = "export"
	ExportFull     Permission = "export.full"  // lists unmasked; above a number of people a second person approves
	LeadRead       Permission = "lead.read"    // who is to be verified, and what came of it
	LeadImport     Permission = "lead.import"  // lists of people to be verified: bring in, decide what is unclear, close, send back
	LeadCall       Permission = "lead.call"    // sit at the desk and call
	LeadConfirm    Permission = "lead.confirm" // confirm or decline a proposed measure
	// Bulletins: read what was published over one's area or above it; write those
	// of each series and show them to who they name; publish what another wrote.
	BulletinRead      Permission = "bulletin.read"
	BulletinWrite     Permission = "bulletin.write"
	BulletinApprove   Permission = "bulletin.approve"
	DisciplineWrite   Permission = "discipline.write"
	DisciplineApprove Permission = "discipline.approve"
)

// Field is a class of a person's data; seeing the unmasked class also needs a purpose.
type Field string

// The field classes of roles.yaml.
const (
	FieldNameMasked  Field = "name_masked"
	FieldPhoneMasked Field = "phone_masked"
	FieldIDNoMasked  Field = "idno_masked"
	FieldName        Field = "name"
	FieldPhone       Field = "phone"
	FieldIDNo        Field = "idno"
	FieldAddress     Field = "address"
	FieldCare        Field = "care"
	FieldRisk        Field = "risk"
)

type roleSpec struct {
	Level       int          `yaml:"level"`
	Worker      bool         `yaml:"worker"`
	Line        bool         `yaml:"line"`
	Permissions []Permission `yaml:"permissions"`
	Fields      []Field      `yaml:"fields"`
}

//go:embed roles.yaml
var rolesYAML []byte

var roles = loadRoles(rolesYAML)

func loadRoles(b []byte) map[Role]roleSpec {
	var doc struct {
		Roles map[Role]roleSpec `yaml:"roles"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		panic("grid: roles.yaml: " + err.Error())
	}
	return doc.Roles
}

// Roles returns the known roles in alphabetical order.
func Roles() []Role {
	out := make([]Role, 0, len(roles))
	for r := range roles {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

// Known reports whether the role is one of roles.yaml.
func (r Role) Known() bool { _, ok := roles[r]; return ok }

// Worker reports whether the role works at doors: long sessions, phone pages first.
func (r Role) Worker() bool { return roles[r].Worker }

// Level is how far up the line the role stands: 0 the installation, 1 district,
// 2 street, 3 community, 4 compound and grid, 5 building, 6 volunteers. A post
// never gives out a role of a lower number than its own.
func (r Role) Level() int { return roles[r].Level }

// Line reports whether a post of the role answers for the open tasks of vacant
// posts below it.
func (r Role) Line() bool { return roles[r].Line }

// Answers reports whether a post of this role over doors counts as somebody
// who answers for them.
func (r Role) Answers() bool { return r.Level() >= 4 && r.May(RoundMark) }

// May reports whether the role grants the permission.
func (r Role) May(p Permission) bool { return slices.Contains(roles[r].Permissions, p) }

// Sees reports whether the role may see the field class.
func (r Role) Sees(f Field) bool { return slices.Contains(roles[r].Fields, f) }
