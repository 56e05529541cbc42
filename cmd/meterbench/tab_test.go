package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts chromium, which ends with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	const program = "/usr/bin/chromium"
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no chromium: apt-get install chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-dev-shm-usage", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeAll := chromedp.NewContext(allocator)
	t.Cleanup(closeAll)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// A tab shows a page, and keeps what goes wrong there: errors, refused scripts and styles, requests to other hosts.
type tab struct {
	*testing.T
	ctx context.Context
	url string

	mu    sync.Mutex
	wrong []string
	asked int
}

// openTab opens a page.
func openTab(t *testing.T, browser context.Context, url string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	p := &tab{T: t, ctx: ctx, url: url}
	listening := chromedp.Listen(ctx, func(event any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			p.asked++
			if at := e.Request.URL; !strings.HasPrefix(at, url) && !strings.HasPrefix(at, "data:") {
				p.wrong = append(p.wrong, "a request to "+at)
			}
		case *runtime.EventConsoleAPICalled:
			text := make([]string, len(e.Args))
			for i, arg := range e.Args {
				text[i] = string(arg.Value) + arg.Description
			}
			p.wrong = append(p.wrong, fmt.Sprintf("console: %s %q", e.Type, text))
		case *runtime.EventExceptionThrown:
			p.wrong = append(p.wrong, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
		case *log.EventEntryAdded:
			p.wrong = append(p.wrong, fmt.Sprintf("log: %s %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	})
	_, watched := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	_, logged := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	if err := errors.Join(listening, watched, logged); err != nil {
		t.Fatal(err)
	}
	p.run(chromedp.Navigate(url))
	return p
}

func (p *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	get(p, chromedp.Steps(steps...))
}

// get returns what an action does.
func get[T any](p *tab, action chromedp.Action[T]) T {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		p.Fatal(err)
	}
	return v
}

// eval returns the value of an expression of the page.
func eval[T any](p *tab, expression string) T {
	p.Helper()
	return get(p, chromedp.Evaluate[T](expression))
}

// show goes to a part of the page.
func (p *tab) show(hash string) {
	p.Helper()
	p.run(chromedp.Evaluate[chromedp.Void](`void (location.hash = "` + hash + `")`))
}

// wait waits until an expression of the page is true.
func (p *tab) wait(expression string, most time.Duration) {
	p.Helper()
	for until := time.Now().Add(most); ; time.Sleep(100 * time.Millisecond) {
		if eval[bool](p, "!!("+expression+")") {
			return
		}
		if time.Now().After(until) {
			p.shoot("failed")
			p.Fatalf("not within %v: %s\n%s\n%v", most, expression, eval[string](p, "document.body.innerText"), p.wrong)
		}
	}
}

// shoot takes a picture of the whole page. Charts are drawn where they can be seen, so all of it is.
func (p *tab) shoot(name string) {
	p.Helper()
	dir := os.Getenv("METERBENCH_ARTEFACTS")
	if dir == "" {
		dir = p.TempDir()
	}
	size := eval[[]int64](p, "[innerWidth, document.documentElement.scrollHeight]")
	p.run(chromedp.EmulateViewport(size[0], size[1]), chromedp.Sleep(300*time.Millisecond))
	picture := get(p, chromedp.FullScreenshot(100))
	p.run(chromedp.EmulateViewport(size[0], 900))
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)); err != nil {
		p.Error(err)
	}
}

// phone checks that nothing is broader than a phone, and takes a picture of it there.
func (p *tab) phone(name string) {
	p.Helper()
	p.run(chromedp.EmulateViewport(360, 740), chromedp.Sleep(300*time.Millisecond))
	if wide := eval[float64](p, "document.documentElement.scrollWidth"); wide > 360 {
		p.Errorf("%s is %g px wide on a phone of 360", name, wide)
	}
	p.shoot(name + "-phone")
	p.run(chromedp.EmulateViewport(1280, 900))
}

// clean checks that nothing went wrong by now.
func (p *tab) clean() {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.wrong) > 0 || p.asked == 0 {
		p.Errorf("%d requests to %s, and %q", p.asked, p.url, p.wrong)
	}
}
