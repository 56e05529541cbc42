package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"meterbench/internal/race"
)

// By keys alone a level is ended, and then the run; Cancel, which has the focus first, ends nothing. What was said of a level is gone
// with the next one.
func TestStopByKeys(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	dir := t.TempDir()
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2, 4], hold: 10m}"), "--live", "--set", "warmup=0s")
	page := openTab(t, browser(t), s.url)
	press := func(keys ...string) {
		t.Helper()
		for _, key := range keys {
			page.run(chromedp.KeyEvent(key))
		}
	}
	for number, button := range []string{"End this level", "End the run"} {
		page.wait(fmt.Sprintf(`document.querySelector("#level")?.textContent.startsWith("Level %d of 2") &&
		  document.querySelector("#view-load .stage").textContent.includes("measuring")`, number+1), time.Minute)
		if said := eval[string](page, `document.querySelector(".stop .said").textContent`); said != "" {
			t.Errorf("beside the buttons of level %d: %q", number+1, said)
		}
		at := fmt.Sprintf(`document.activeElement.textContent === %q && !document.querySelector("dialog")`, button)
		for i := 0; !eval[bool](page, at); i++ {
			if i > 20 {
				t.Fatalf("%s is not reached by Tab", button)
			}
			press(kb.Tab)
		}
		press(kb.Enter, kb.Enter) // Cancel
		page.wait(`!document.querySelector("dialog")`, 30*time.Second)
		if !eval[bool](page, at) {
			t.Errorf("after Cancel the focus is not back at %s", button)
		}
		press(kb.Enter)
		page.wait(`document.activeElement.textContent === "Cancel"`, 30*time.Second)
		if number == 1 {
			page.shoot("stop")
		}
		press(kb.Tab, kb.Enter)
	}
	page.wait(`document.getElementById("connection").textContent.includes("ended")`, time.Minute)
	page.clean()
	if stored := s.waitRun(t, exitInterrupted); len(stored.Summary.Points) != 2 {
		t.Errorf("%d points", len(stored.Summary.Points))
	}
}
