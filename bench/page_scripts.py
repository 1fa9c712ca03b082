"""What a measurement has a page do and note."""

from __future__ import annotations

# Notes when Enter was pressed, when the words were painted, and when the server's own
# article of them was.
OWN_WORDS = """words => {
    const noted = window.noted = {};
    const painted = name => requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.onmessage = () => (noted[name] = performance.now());
        after.port2.postMessage(null);
    });
    const has = kind => [...document.querySelectorAll(`#transcript > ${kind}`)]
        .slice(-4).some(node => node.textContent.includes(words));
    const looked = new Set();
    const look = () => {
        for (const [name, kind] of [["seen", ".article"], ["here", "article"]])
            if (!looked.has(name) && has(kind)) looked.add(name), painted(name);
        if (looked.size === 2) observer.disconnect();
    };
    const observer = new MutationObserver(look);
    observer.observe(document.getElementById("transcript"), { childList: true });
    document.getElementById("content").addEventListener(
        "keydown", () => (noted.pressed = performance.now()), { capture: true, once: true });
}"""
SENT = """() => {
    const { pressed, seen, here } = window.noted;
    return seen && here ? { seen: seen - pressed, here: here - pressed } : null;
}"""
# Returns how long each frame took until as many messages have been in the page.
SCROLL = """async ([wanted, by]) => {
    const scroller = document.getElementById("scroll");
    const seen = new Set(), frames = [];
    let last = performance.now();
    while (seen.size < wanted && frames.length < 20 * wanted) {
        // As by a wheel, of which a page that follows hears first.
        scroller.dispatchEvent(new WheelEvent("wheel", { deltaY: by }));
        scroller.scrollBy(0, by);
        await new Promise(done => requestAnimationFrame(done));
        const now = performance.now();
        frames.push(now - last);
        last = now;
        for (const { id } of scroller.querySelectorAll("article")) seen.add(id);
    }
    return frames;
}"""
