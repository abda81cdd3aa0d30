package main

import (
	"fmt"
	"slices"
	"testing"
)

// A stage stands in for the test that the rig of the end-to-end tests wants: it
// ends what the rig has started, and turns what would fail a test into an error.
type stage struct {
	testing.TB // nil: only what is below is there
	endings    []func()
	failed     bool
}

// stageError is what a stage panics with.
type stageError struct{ text string }

// Helper does nothing.
func (s *stage) Helper() {}

// Cleanup has f run at the end.
func (s *stage) Cleanup(f func()) { s.endings = append(s.endings, f) }

// Failed says whether something went wrong.
func (s *stage) Failed() bool { return s.failed }

// Logf says what the rig says.
func (s *stage) Logf(format string, args ...any) { say(format, args...) }

// Fatal ends the stage with an error.
func (s *stage) Fatal(args ...any) {
	s.failed = true
	panic(stageError{fmt.Sprint(args...)})
}

// Fatalf ends the stage with an error.
func (s *stage) Fatalf(format string, args ...any) { s.Fatal(fmt.Sprintf(format, args...)) }

// onStage plays with a stage, and clears it.
func onStage(play func(t testing.TB) error) (err error) {
	s := &stage{}
	defer func() {
		r := recover()
		if e, ok := r.(stageError); ok {
			err = fmt.Errorf("set the stage: %s", e.text)
			r = nil
		}
		for _, end := range slices.Backward(s.endings) {
			end()
		}
		if r != nil {
			panic(r)
		}
	}()
	return play(s)
}
