// Package metrics serves the controller's metrics under the documented names. The
// cluster's figures are read from the state when they are asked for; nothing is
// counted twice.
package metrics

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/engine"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/report"
)

var buckets = []float64{.001, .0025, .005, .0075, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 25, 50}

// Collector gathers the metrics of one controller.
type Collector struct {
	eng      *engine.Engine
	book     *report.Book
	version  v1.ControllerVersion
	requests *prometheus.HistogramVec
	links    *prometheus.HistogramVec
	scrapes  atomic.Int64
}

// New makes a collector.
func New(eng *engine.Engine, book *report.Book, version v1.ControllerVersion) *Collector {
	return &Collector{eng: eng, book: book, version: version,
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "linstor_restapi_request_duration_seconds",
			Help: "Time that calls of the REST API took.", Buckets: buckets}, []string{"apicall"}),
		links: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "linstor_apicall_duration_seconds",
			Help: "Time that calls to satellites took.", Buckets: buckets}, []string{"apicall", "peer"})}
}

// ObserveLink takes down a finished call to a satellite.
func (c *Collector) ObserveLink(call, node string, took time.Duration) {
	c.links.WithLabelValues(call, node).Observe(took.Seconds())
}

// Observe takes down a finished call.
func (c *Collector) Observe(call string, _ int, took time.Duration) {
	if call == "" {
		call = "unknown"
	}
	c.requests.WithLabelValues(call).Observe(took.Seconds())
}

// Handler serves /metrics.
func (c *Collector) Handler() http.Handler {
	fixed := prometheus.NewRegistry()
	fixed.MustRegister(c.requests, c.links, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.scrapes.Add(1)
		began := time.Now()
		reg := prometheus.NewRegistry()
		reg.MustRegister(&snapshot{c: c, world: c.eng.World(), began: began, want: wants(r)})
		promhttp.HandlerFor(prometheus.Gatherers{reg, fixed}, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	})
}

type want struct{ resources, pools, reports bool }

func wants(r *http.Request) want {
	on := func(key string) bool { return !strings.EqualFold(r.URL.Query().Get(key), "false") }
	return want{resources: on("resource"), pools: on("storage_pools"), reports: on("error_reports")}
}

// snapshot renders one World.
type snapshot struct {
	c     *Collector
	world *model.World
	began time.Time
	want  want
}

// Describe sends nothing: the set of metrics depends on the state.
func (s *snapshot) Describe(chan<- *prometheus.Desc) {}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("linstor_"+name, help, labels, nil)
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

// Collect implements prometheus.Collector.
func (s *snapshot) Collect(out chan<- prometheus.Metric) {
	v := s.c.version
	gauge(out, desc("info", "Version of the controller.", "version", "buildtime", "gitid"), 1, v.Version, v.BuildTime, v.GitHash)
	s.nodes(out)
	gauge(out, desc("resource_definition_count", "Number of resource definitions."), float64(s.world.Definitions.Len()))
	if s.want.resources {
		s.definitions(out)
		s.resources(out)
		s.replication(out)
	}
	if s.want.pools {
		s.pools(out)
	}
	if s.want.reports {
		gauge(out, desc("error_reports_count", "Number of error reports."), float64(len(s.c.book.List())))
	}
	out <- prometheus.MustNewConstMetric(desc("scrape_requests_count", "Number of scrapes."), prometheus.CounterValue, float64(s.c.scrapes.Load()))
	gauge(out, desc("scrape_duration_seconds", "Time that this scrape took."), time.Since(s.began).Seconds())
}

var nodeStates = map[string]float64{"OFFLINE": 0, "CONNECTED": 1, "ONLINE": 2, "VERSION_MISMATCH": 3, "FULL_SYNC_FAILED": 4,
	"AUTHENTICATION_ERROR": 5, "UNKNOWN": 6, "HOSTNAME_MISMATCH": 7, "OTHER_CONTROLLER": 8, "AUTHENTICATED": 9, "NO_STLT_CONN": 10}

func (s *snapshot) nodes(out chan<- prometheus.Metric) {
	labels := []string{"address", "encryption", "port", "node", "nodetype"}
	state := desc("node_state", "State of the connection to the satellite.", labels...)
	attempts := desc("node_reconnect_attempt_count", "Failed attempts to connect since the last success.", labels...)
	for n := range s.world.Nodes.All {
		r := show.Node(s.world, n)
		i, _ := n.SatelliteAddress()
		port := ""
		if i.Port != 0 {
			port = strconv.Itoa(i.Port)
		}
		values := []string{i.Address, i.Encryption, port, n.Name, string(n.Type)}
		gauge(out, state, nodeStates[r.ConnectionStatus], values...)
		tries := 0
		if st, ok := s.world.NodeStatus.Get(n.Name); ok {
			tries = st.Attempts
		}
		out <- prometheus.MustNewConstMetric(attempts, prometheus.CounterValue, float64(tries), values...)
	}
}

func (s *snapshot) definitions(out chan<- prometheus.Metric) {
	count := desc("resource_definition_resource_count", "Number of resources of a definition.", "name", "resource_group")
	size := desc("volume_definition_size_bytes", "Size of a volume.", "name", "volume_number", "resource_group")
	for d := range s.world.Definitions.All {
		n := 0
		for range s.world.Resources.Under(d.Name) {
			n++
		}
		gauge(out, count, float64(n), d.Name, d.Group)
		for _, v := range d.Volumes {
			gauge(out, size, float64(v.SizeKiB)*1024, d.Name, strconv.Itoa(v.Number), d.Group)
		}
	}
}

var diskStates = map[string]float64{"UpToDate": 1, "Created": 2, "Attached": 3, "Diskless": 4, "Inconsistent": 5, "Failed": 6,
	"To: Creating": 7, "To: Attachable": 8, "To: Attaching": 9, "Diskless(Detached)": 90}

func (s *snapshot) resources(out chan<- prometheus.Metric) {
	labels := []string{"resource", "node", "volume", "device_path", "storage_pool"}
	state := desc("resource_state", "Use of a resource: −1 unknown, 0 secondary, 1 in use.", "name", "node")
	volume := desc("volume_state", "State of a volume's disk.", labels...)
	allocated := desc("volume_allocated_size_bytes", "Space that a volume takes.", labels...)
	for r := range s.world.Resources.All {
		st, _ := s.world.ResourceStatus.Get(r.Definition, r.Node)
		use := -1.0
		if st != nil && st.InUse != nil && show.Online(s.world, r.Node) {
			use = 0
			if *st.InUse {
				use = 1
			}
		}
		gauge(out, state, use, r.Definition, r.Node)
		for _, v := range r.Volumes {
			vs, known := st.Volume(v.Number)
			values := []string{r.Definition, r.Node, strconv.Itoa(v.Number), vs.DevicePath, v.Pool}
			disk, ok := diskStates[vs.DiskState]
			if !ok {
				disk = -1
			}
			gauge(out, volume, disk, values...)
			bytes := math.NaN()
			if known {
				bytes = float64(vs.AllocatedKiB) * 1024
			}
			gauge(out, allocated, bytes, values...)
		}
	}
}

func (s *snapshot) pools(out chan<- prometheus.Metric) {
	labels := []string{"storage_pool", "node", "driver", "backing_pool"}
	free := desc("storage_pool_capacity_free_bytes", "Free space of a storage pool.", labels...)
	total := desc("storage_pool_capacity_total_bytes", "Size of a storage pool.", labels...)
	errs := desc("storage_pool_error_count", "Number of problems of a storage pool.", labels...)
	data := prometheus.NewDesc("holdfast_storage_pool_data_percent", "Fill of a thin pool's data.", labels, nil)
	meta := prometheus.NewDesc("holdfast_storage_pool_metadata_percent", "Fill of a thin pool's metadata.", labels, nil)
	for p := range s.world.Pools.All {
		values := []string{p.Name, p.Node, string(p.Kind), p.Props[model.KeyPoolBacking]}
		st, ok := s.world.PoolStatus.Get(p.Node, p.Name)
		if !ok {
			st = &model.PoolStatus{DataPercent: -1, MetaPercent: -1}
		}
		gauge(out, free, float64(st.FreeKiB)*1024, values...)
		gauge(out, total, float64(st.TotalKiB)*1024, values...)
		problems := 0.0
		if st.Problem != nil {
			problems = 1
		}
		gauge(out, errs, problems, values...)
		if ok && st.DataPercent >= 0 && p.Thin() && !p.Diskless() {
			gauge(out, data, st.DataPercent, values...)
		}
		if ok && st.MetaPercent >= 0 && p.Thin() && !p.Diskless() {
			gauge(out, meta, st.MetaPercent, values...)
		}
	}
}
