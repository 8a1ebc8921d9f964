package rest

import (
	"net/http/httptest"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// changed makes a change and gives the events that it leads to.
func changed(w *model.World, change func(tx *model.Tx)) (*model.World, []event, []event) {
	tx := w.Begin(model.Env{})
	change(tx)
	touched := tx.Touched()
	now := tx.Commit(w.Rev + 1)
	return now, promotions(w, now, touched), nodeEvents(w, now, touched)
}

func status(may bool) *model.ResourceStatus {
	return &model.ResourceStatus{Definition: "d", Node: "n", DRBD: &link.DRBDReport{MayPromote: &may}}
}

// TestPromotionEvents: one event for each change, and one when the replica is gone.
func TestPromotionEvents(t *testing.T) {
	w, _, nodes := changed(model.NewWorld(), func(tx *model.Tx) {
		tx.PutNode(&model.Node{Name: "n", Type: model.NodeSatellite})
		tx.SetNodeStatus(&model.NodeStatus{Node: "n", State: model.ConnOnline})
		tx.PutDefinition(&model.Definition{Name: "d"})
		tx.PutResource(&model.Resource{Definition: "d", Node: "n", Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}})
	})
	if len(nodes) != 1 || nodes[0].name != "node-create" {
		t.Errorf("events of a new node: %+v", nodes)
	}
	steps := []struct {
		what   string
		change func(tx *model.Tx)
		want   []bool
	}{
		{"it may be promoted", func(tx *model.Tx) { tx.SetResourceStatus(status(true)) }, []bool{true}},
		{"the same again", func(tx *model.Tx) { tx.SetResourceStatus(status(true)) }, nil},
		{"it may not", func(tx *model.Tx) { tx.SetResourceStatus(status(false)) }, []bool{false}},
		{"it may again", func(tx *model.Tx) { tx.SetResourceStatus(status(true)) }, []bool{true}},
		{"its node is lost", func(tx *model.Tx) { tx.SetNodeStatus(&model.NodeStatus{Node: "n", State: model.ConnOffline}) }, []bool{false}},
		{"its node is back", func(tx *model.Tx) { tx.SetNodeStatus(&model.NodeStatus{Node: "n", State: model.ConnOnline}) }, []bool{true}},
		{"it is gone", func(tx *model.Tx) { tx.DeleteResource("d", "n") }, []bool{false}},
	}
	for _, s := range steps {
		var got []event
		w, got, _ = changed(w, s.change)
		if len(got) != len(s.want) {
			t.Fatalf("%s: events are %+v, want %v", s.what, got, s.want)
		}
		for i, want := range s.want {
			if e := got[i].data.(v1.EventMayPromoteChange); e.MayPromote != want || e.ResourceName != "d" || e.NodeName != "n" {
				t.Errorf("%s: event is %+v, want %v", s.what, e, want)
			}
		}
	}
}

// TestNodeEvents: what happens to a node has names of its own.
func TestNodeEvents(t *testing.T) {
	w, _, _ := changed(model.NewWorld(), func(tx *model.Tx) { tx.PutNode(&model.Node{Name: "n"}) })
	for _, s := range []struct {
		node model.Node
		want string
	}{
		{model.Node{Name: "n", Evacuating: true}, "node-evacuate"},
		{model.Node{Name: "n"}, "node-restored"},
		{model.Node{Name: "n", Evicted: true}, "node-evicted"},
		{model.Node{Name: "n", Evicted: true, Type: model.NodeSatellite}, "node-modified"},
	} {
		var got []event
		w, _, got = changed(w, func(tx *model.Tx) { tx.PutNode(&s.node) })
		if len(got) != 1 || got[0].name != s.want {
			t.Errorf("events are %+v, want %s", got, s.want)
		}
	}
}

// TestStreamKeepsNewest: a slow client is sent the newest word on each replica.
func TestStreamKeepsNewest(t *testing.T) {
	s := &stream{news: make(chan struct{}, 1)}
	r := &model.Resource{Definition: "d", Node: "n"}
	s.add([]event{promotion(r, true)})
	s.add([]event{promotion(r, false)})
	out := httptest.NewRecorder()
	if err := sendEvents(out, s.take()); err != nil {
		t.Fatal(err)
	}
	const want = "event: may-promote-change\ndata: {\"resource_name\":\"d\",\"node_name\":\"n\",\"may_promote\":false}\n\n"
	if out.Body.String() != want {
		t.Errorf("the client is sent %q, want %q", out.Body.String(), want)
	}
}
