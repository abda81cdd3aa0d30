package metrics

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

const monitoring = "../../docs/monitoring"

// told returns the labels of all metrics by their names, as Prometheus gets them.
func told(t *testing.T) map[string][]string {
	t.Helper()
	m := New(Parts{Log: slog.New(slog.DiscardHandler)})
	descs := make(chan *prometheus.Desc, 1000)
	for _, c := range []prometheus.Collector{&figures{}, m.answers.count, m.answers.took} {
		c.Describe(descs)
	}
	close(descs)
	out := map[string][]string{}
	named := regexp.MustCompile(`fqName: "([a-z0-9_]+)".*variableLabels: \{([a-z,]*)\}`)
	for d := range descs {
		p := named.FindStringSubmatch(d.String())
		if p == nil {
			t.Fatalf("a metric has no name: %s", d)
		}
		labels := strings.Split(p[2], ",")
		out[p[1]] = labels
		if strings.HasSuffix(p[1], "_seconds") && strings.HasPrefix(p[1], "clarion_http_") {
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				out[p[1]+part] = append(slices.Clone(labels), "le")
			}
		}
	}
	// Those of Go and the process need no Redis.
	own := prometheus.NewRegistry()
	own.MustRegister(m.own...)
	families, err := own.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		out[f.GetName()] = nil
	}
	if len(out) < 50 {
		t.Fatalf("only %d metrics are told: %v", len(out), out)
	}
	return out
}

var (
	metricName = regexp.MustCompile(`\b(?:clarion|go|process)_[a-z0-9_]+(?:\{[^}]*\})?`)
	labelName  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// names checks what an expression names, and returns how many metrics it does.
func names(t *testing.T, where, expr string, all map[string][]string) int {
	t.Helper()
	found := metricName.FindAllString(expr, -1)
	for _, f := range found {
		name, selector, _ := strings.Cut(f, "{")
		labels, ok := all[name]
		if !ok {
			t.Errorf("%s: there is no metric %s", where, name)
			continue
		}
		for _, l := range labelName.FindAllStringSubmatch(selector, -1) {
			if !slices.Contains(labels, l[1]) {
				t.Errorf("%s: %s has no label %q, but %v", where, name, l[1], labels)
			}
		}
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
		t.Errorf("%s: brackets do not close: %s", where, expr)
	}
	return len(found)
}

// What the dashboard draws is told by the program.
func TestDashboard(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(monitoring, "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title, Type string
			Targets     []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	all, drawn := told(t), 0
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 {
			t.Errorf("the panel %q draws nothing", p.Title)
		}
		for _, target := range p.Targets {
			if names(t, p.Title, target.Expr, all) == 0 {
				t.Errorf("the panel %q names no metric: %s", p.Title, target.Expr)
			}
			drawn++
		}
	}
	if drawn < 20 || !strings.Contains(string(text), "label_values(clarion_call_state, call)") {
		t.Errorf("%d expressions are drawn, or calls cannot be chosen: the test looks past them", drawn)
	}
}

// What the alert rules watch is told by the program; each says how bad it is and
// what to do.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(monitoring, "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^      - alert: `).Split(string(text), -1)[1:]
	if len(rules) < 15 {
		t.Fatalf("%d rules are found: the test looks past them", len(rules))
	}
	all, seen := told(t), map[string]bool{}
	for _, rule := range rules {
		name, rest, _ := strings.Cut(rule, "\n")
		expr, after, ok := strings.Cut(rest, "labels: {severity: ")
		severity, _, _ := strings.Cut(after, "}")
		if !ok || seen[name] || !slices.Contains([]string{"critical", "warning", "info"}, severity) {
			t.Errorf("%s: it stands there twice, or its severity is %q", name, severity)
		}
		seen[name] = true
		for _, key := range []string{"expr: ", "labels: ", "annotations:", "summary: ", "description: "} {
			if strings.Count(rule, key) != 1 {
				t.Errorf("%s has %d times %q", name, strings.Count(rule, key), key)
			}
		}
		if names(t, name, expr, all) == 0 {
			t.Errorf("%s names no metric", name)
		}
	}
}
