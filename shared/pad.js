// The drawing pad in the browser: the page, and what pad.py answers about it.
//
// Sent: {look, centre} with the page, 140 x 140 bytes, 255 is paper. Answered: {look, note, answers,
// evidence} with the image that the network sees, 28 x 28 bytes, 255 is ink, and the evidence of
// each linear model, 28 x 28 floats. One question at a time: while an answer is awaited, strokes
// only mark the page as changed, so that a slow kernel is not flooded.

const SCREEN = 560, PAGE = 140, SIDE = 28, PEN = 36, PATIENCE = 3000;

const STYLE = `
.pad { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; padding: 8px 2px;
       font: 13px/1.4 system-ui, sans-serif; color: inherit; }
.pad figure { margin: 0; }
.pad figcaption { margin: 0 0 4px; font-weight: 600; min-height: 1.4em; }
.pad canvas { display: block; border: 1px solid #8C8C8C; border-radius: 4px; box-sizing: border-box; }
.pad .page { width: 224px; height: 224px; cursor: crosshair; touch-action: none; background: white; }
.pad .small { width: 112px; height: 112px; image-rendering: pixelated; background: black; }
.pad figure figure { margin-top: 10px; }
.pad .row { display: flex; gap: 8px; margin-top: 8px; }
.pad button { font: inherit; color: inherit; background: transparent; border: 1px solid #8C8C8C;
              border-radius: 4px; padding: 3px 14px; cursor: pointer; }
.pad button:hover { background: rgba(128, 128, 128, 0.18); }
.pad button:disabled { opacity: 0.45; cursor: default; }
.pad button:focus-visible, .pad input:focus-visible { outline: 2px solid #0072B2; outline-offset: 2px; }
.pad label { display: flex; gap: 6px; align-items: center; margin-top: 8px; }
.pad .bars { display: grid; grid-template-columns: auto 100px 4.2em; gap: 2px 8px; align-items: center;
             font-variant-numeric: tabular-nums; }
.pad .track { height: 13px; background: rgba(128, 128, 128, 0.18); border-radius: 2px; }
.pad .fill { height: 100%; width: 0; background: #8C8C8C; border-radius: 2px; }
.pad .bars span { white-space: nowrap; }
.pad .best { font-weight: 700; }
.pad .fill.best { background: #0072B2; }
.pad .note { flex-basis: 100%; min-height: 1.4em; }
`;

function make(tag, parent, attributes = {}, text = "") {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    parent.append(element);
    return element;
}

function canvas(parent, caption, size, attributes) {
    const figure = make("figure", parent);
    const title = make("figcaption", figure, {}, caption);
    const element = make("canvas", figure, { width: size, height: size, role: "img", ...attributes });
    return { figure, title, element, context: element.getContext("2d", { willReadFrequently: true }) };
}

// Paints 28 x 28 values, each by a function from its value to [red, green, blue].
function paint(context, values, colour) {
    const pixels = context.createImageData(SIDE, SIDE);
    values.forEach((value, i) => pixels.data.set([...colour(value), 255], 4 * i));
    context.putImageData(pixels, 0, 0);
}

// White for no evidence, red for, blue against, as in the pictures of the weights.
function diverging(limit) {
    const red = [178, 24, 43], blue = [33, 102, 172];
    return (value) => {
        const part = Math.min(1, Math.abs(value) / limit);
        return (value > 0 ? red : blue).map((c) => Math.round(255 + part * (c - 255)));
    };
}

// The bars of one network, and its evidence, if it is linear, below what it sees.
function network(parent, below, { name, classes, linear }) {
    const figure = make("figure", parent, { class: "network", "data-name": name });
    const title = make("figcaption", figure, {}, name || "probability");
    const grid = make("div", figure, { class: "bars" });
    const rows = Array.from({ length: classes }, (_, digit) => {
        const label = make("span", grid, {}, digit);
        const fill = make("div", make("div", grid, { class: "track" }), { class: "fill" });
        return { label, fill, percent: make("span", grid) };
    });
    const shown = linear ? canvas(below, "evidence", SIDE, { class: "small" }) : null;
    if (shown) shown.element.style.background = "white";
    return {
        show(probabilities, evidence) {
            const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
            rows.forEach(({ label, fill, percent }, digit) => {
                const p = probabilities ? probabilities[digit] : 0;
                fill.style.width = `${100 * p}%`;
                percent.textContent = probabilities ? `${(100 * p).toFixed(1)} %` : "";
                for (const e of [label, fill, percent]) e.classList.toggle("best", digit === best);
            });
            title.textContent = (name || "probability") + (best < 0 ? "" : `: ${best}`);
            if (shown && evidence) {
                const limit = evidence.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
                paint(shown.context, evidence, diverging(limit));
                shown.title.textContent = `evidence for ${best}`;
                shown.element.setAttribute("aria-label",
                    `each pixel times its weight for ${best}: red for it, blue against it`);
            } else if (shown) {
                shown.context.clearRect(0, 0, SIDE, SIDE);
                shown.title.textContent = "evidence";
            }
            return best < 0 ? "" : `${name || "The network"}: ${best}, ${(100 * probabilities[best]).toFixed(1)} %`;
        },
    };
}

export function render({ model, el }) {
    const stop = new AbortController();
    const on = (target, event, handler) => target.addEventListener(event, handler, { signal: stop.signal });
    make("style", el, {}, STYLE);
    const root = make("div", el, { class: "pad" });

    const page = canvas(root, "draw a digit", SCREEN, { class: "page", "aria-label": "page to draw a digit on" });
    const row = make("div", page.figure, { class: "row" });
    const undo = make("button", row, { type: "button" }, "undo");
    const clear = make("button", row, { type: "button" }, "clear");
    const seen = canvas(root, "what the network sees", SIDE, { class: "small", "aria-label": "the digit as 28 x 28 pixels" });
    const centre = make("input", make("label", seen.figure), { type: "checkbox" });
    centre.after("centre and scale");
    centre.checked = model.get("centre");
    const networks = model.get("networks").map((one) => network(root, seen.figure, one));
    const note = make("div", root, { class: "note", role: "status", "aria-live": "polite" });

    const strokes = [];
    let drawing = null, asked = 0, awaited = null, changed = false;
    const me = Math.random().toString(36).slice(2); // of several views of a pad, the one that asks

    function draw() {
        const pen = page.context;
        pen.fillStyle = "white";
        pen.fillRect(0, 0, SCREEN, SCREEN);
        Object.assign(pen, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
        for (const points of strokes) {
            pen.beginPath();
            pen.moveTo(...points[0]);
            for (const point of points) pen.lineTo(...point);
            pen.stroke();
        }
        undo.disabled = clear.disabled = strokes.length === 0;
    }

    function blank(text = "") {
        seen.context.clearRect(0, 0, SIDE, SIDE);
        for (const network of networks) network.show(null);
        note.textContent = text;
    }

    function shrunkPage() {
        const small = document.createElement("canvas");
        small.width = small.height = PAGE;
        const context = small.getContext("2d");
        context.imageSmoothingQuality = "high";
        context.drawImage(page.element, 0, 0, PAGE, PAGE);
        const pixels = context.getImageData(0, 0, PAGE, PAGE).data;
        return Uint8Array.from({ length: PAGE * PAGE }, (_, i) => pixels[4 * i]);
    }

    function look() {
        draw();
        changed = true;
        if (strokes.length === 0) {
            blank();
        } else if (awaited === null) {
            changed = false;
            asked += 1;
            try {
                model.send({ view: me, look: asked, centre: centre.checked }, undefined, [shrunkPage().buffer]);
            } catch {
                blank("The kernel was restarted: this cell must be run again.");
                return;
            }
            awaited = setTimeout(() => {
                awaited = null;
                note.textContent = "No answer yet: the kernel is busy, or this cell must be run again.";
            }, PATIENCE);
        }
    }

    function answer(message, buffers) {
        if (message.view !== me || message.look !== asked) return;
        clearTimeout(awaited);
        awaited = null;
        if (strokes.length === 0) return;
        if (message.note) {
            blank(message.note);
        } else {
            const bytes = buffers.map((b) => (b.buffer ? b : new DataView(b)));
            paint(seen.context, new Uint8Array(bytes[0].buffer, bytes[0].byteOffset, SIDE * SIDE), (v) => [v, v, v]);
            let next = 1;
            note.textContent = networks.map((network, i) => {
                if (!model.get("networks")[i].linear) return network.show(message.answers[i]);
                const b = bytes[next++];
                return network.show(message.answers[i],
                    new Float32Array(b.buffer.slice(b.byteOffset, b.byteOffset + 4 * SIDE * SIDE)));
            }).join(" · ");
        }
        if (changed) look();
    }

    function position(event) {
        const box = page.element.getBoundingClientRect();
        return [(event.clientX - box.left) * SCREEN / box.width, (event.clientY - box.top) * SCREEN / box.height];
    }

    on(page.element, "pointerdown", (event) => {
        if (event.button !== 0 || drawing !== null) return;
        event.preventDefault();
        page.element.setPointerCapture(event.pointerId);
        drawing = event.pointerId;
        strokes.push([position(event)]);
        look();
    });
    on(page.element, "pointermove", (event) => {
        if (event.pointerId !== drawing) return;
        const events = event.getCoalescedEvents?.() ?? [];
        strokes.at(-1).push(...(events.length ? events : [event]).map(position));
        look();
    });
    for (const end of ["pointerup", "pointercancel"]) {
        on(page.element, end, (event) => {
            if (event.pointerId === drawing) drawing = null;
        });
    }
    on(undo, "click", () => { drawing = null; strokes.pop(); look(); });
    on(clear, "click", () => { drawing = null; strokes.length = 0; look(); });
    on(centre, "change", look);
    model.on("msg:custom", answer);
    draw();
    return () => {
        stop.abort();
        clearTimeout(awaited);
        model.off("msg:custom", answer);
    };
}

export default { render };
