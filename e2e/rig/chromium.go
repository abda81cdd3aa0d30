package rig

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A Chromium is a browser without a window, driven over pipes by the DevTools
// protocol (chromedevtools.github.io/devtools-protocol). One page, for one test
// at a time.
type Chromium struct {
	t       testing.TB
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
}

// A Screen is what a page is shown on.
type Screen struct {
	Width int  // CSS pixels
	Dark  bool // prefers-color-scheme: dark
	Scale float64
}

// StartChromium starts a browser that reaches nothing but loopback and files.
func StartChromium(t testing.TB) *Chromium {
	t.Helper()
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatalf("make a pipe to chromium: %v", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatalf("make a pipe from chromium: %v", err)
	}
	dir := Dir(t)
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--remote-debugging-pipe", "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.ExtraFiles = []*os.File{theirs, write} // file descriptors 3 and 4, as the flag asks
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	theirs.Close()
	write.Close()
	c := &Chromium{t: t, to: ours, from: bufio.NewReader(read)}
	t.Cleanup(func() {
		ours.Close()
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its own group: the browser's children too
		cmd.Wait()
		read.Close()
	})
	target := c.call("Target.createTarget", map[string]any{"url": "about:blank"})
	attached := c.call("Target.attachToTarget", map[string]any{"targetId": target["targetId"], "flatten": true})
	c.session, _ = attached["sessionId"].(string)
	c.call("Page.enable", nil)
	return c
}

// Show shows a page of HTML on a screen, and returns once it is laid out, with
// its pictures.
func (c *Chromium) Show(html string, s Screen) {
	c.t.Helper()
	c.On(s)
	tree := c.call("Page.getFrameTree", nil)
	frame, _ := tree["frameTree"].(map[string]any)["frame"].(map[string]any)
	c.call("Page.setDocumentContent", map[string]any{"frameId": frame["id"], "html": html})
	c.Eval("Promise.all([...document.images].map(i => i.decode()).concat(document.fonts.ready)).then(() => 1)", nil)
}

// On puts the page on a screen.
func (c *Chromium) On(s Screen) {
	c.t.Helper()
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	if s.Scale == 0 {
		s.Scale = 1
	}
	c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": s.Width, "height": 800, "deviceScaleFactor": s.Scale, "mobile": s.Width < 600})
}

// Go opens an address, and returns once the page is loaded.
func (c *Chromium) Go(url string) {
	c.t.Helper()
	out := c.call("Page.navigate", map[string]any{"url": url})
	if failed, ok := out["errorText"]; ok {
		c.t.Fatalf("open %s: %v", url, failed)
	}
	c.Eval("new Promise(r => document.readyState === 'complete' ? r(1) : addEventListener('load', () => r(1)))", nil)
}

// Passkeys gives the browser a device that makes and uses passkeys, and always
// takes the person for the right one (WebAuthn §11, virtual authenticators).
func (c *Chromium) Passkeys() {
	c.t.Helper()
	c.call("WebAuthn.enable", nil)
	c.call("WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{
		"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
	}})
}

// Eval evaluates JavaScript in the page, waits for a promise, and reads the
// value into v unless that is nil.
func (c *Chromium) Eval(js string, v any) {
	c.t.Helper()
	out := c.call("Runtime.evaluate", map[string]any{"expression": js, "awaitPromise": true, "returnByValue": true})
	if failed, ok := out["exceptionDetails"]; ok {
		c.t.Fatalf("evaluate %s: %v", js, failed)
	}
	if v == nil {
		return
	}
	value, err := json.Marshal(out["result"].(map[string]any)["value"])
	if err == nil {
		err = json.Unmarshal(value, v)
	}
	if err != nil {
		c.t.Fatalf("read what %s is: %v", js, err)
	}
}

// Await waits until JavaScript is true of a page that is loaded. While one page gives
// way to another there is nobody to ask.
func (c *Chromium) Await(what, js string) {
	c.t.Helper()
	Eventually(c.t, time.Minute, what, func() bool {
		out, err := c.ask("Runtime.evaluate", map[string]any{"expression": "document.readyState === 'complete' && (" + js + ")", "returnByValue": true})
		var refused *refusal
		if err != nil && !errors.As(err, &refused) {
			c.t.Fatalf("ask chromium for %s: %v", what, err)
		}
		result, _ := out["result"].(map[string]any)
		return result["value"] == true
	})
}

// Screenshot returns the whole page as PNG.
func (c *Chromium) Screenshot() []byte {
	c.t.Helper()
	out := c.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true})
	data, _ := out["data"].(string)
	png, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(png) == 0 {
		c.t.Fatalf("take a screenshot: %v", err)
	}
	return png
}

// A refusal is the browser's answer to what it cannot do.
type refusal struct{ Message string }

func (r *refusal) Error() string { return r.Message }

// call is ask, for what must not fail.
func (c *Chromium) call(method string, params any) map[string]any {
	c.t.Helper()
	out, err := c.ask(method, params)
	if err != nil {
		c.t.Fatalf("ask chromium for %s: %v", method, err)
	}
	return out
}

// ask asks for one thing and waits for its answer; what else the browser tells
// is passed over. Messages end in NUL.
func (c *Chromium) ask(method string, params any) (map[string]any, error) {
	c.last++
	ask := map[string]any{"id": c.last, "method": method}
	if params != nil {
		ask["params"] = params
	}
	if c.session != "" {
		ask["sessionId"] = c.session
	}
	raw, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	if _, err := c.to.Write(append(raw, 0)); err != nil {
		return nil, err
	}
	for {
		line, err := c.from.ReadBytes(0)
		if err != nil {
			return nil, err
		}
		var answer struct {
			ID     int
			Result map[string]any
			Error  *refusal
		}
		if err := json.Unmarshal(line[:len(line)-1], &answer); err != nil {
			return nil, err
		}
		switch {
		case answer.ID != c.last:
		case answer.Error != nil:
			return nil, answer.Error
		default:
			return answer.Result, nil
		}
	}
}
