// SPDX-License-Identifier: Apache-2.0
// The time slider: when conversations began, and from when until when edges are shown.
"use strict";
/** @typedef {{from: number, step: number, steps: number, edges: number[][]}} Activity  milliseconds; by edge: step, count, ... */

const svgSpace = "http://www.w3.org/2000/svg";

class TimeSlider {
  /** @param {Activity} activity @param {() => void} changed */
  constructor(activity, changed) {
    this.activity = activity;
    this.changed = changed;
    this.from = 0; // first step shown
    this.to = activity.steps; // behind the last one
    /** @type {HTMLInputElement[]} */
    this.thumbs = [];
  }

  all() {
    return this.from === 0 && this.to === this.activity.steps;
  }

  /**
   * Conversations of an edge that began in the chosen time.
   * @param {number} edge
   */
  count(edge) {
    const counts = this.activity.edges[edge] || [];
    let sum = 0;
    for (let i = 0; i < counts.length; i += 2) if (counts[i] >= this.from && counts[i] < this.to) sum += counts[i + 1];
    return sum;
  }

  /** @param {number} edge */
  shows(edge) {
    return this.all() || this.count(edge) > 0;
  }

  /**
   * What is outside the recording is cut off; nothing is chosen backwards.
   * @param {number} from @param {number} to
   */
  set(from, to) {
    const { steps } = this.activity;
    this.from = Math.max(0, Math.min(steps - 1, Math.floor(from) || 0));
    this.to = Math.max(this.from + 1, Math.min(steps, Math.floor(to) || steps));
    if (this.thumbs.length) this.refresh();
  }

  /**
   * "12:00:03" in UTC, with the day where the recording has several.
   * @param {number} step
   */
  words(step) {
    const { from, step: length, steps } = this.activity;
    const day = new Date(from).toISOString().slice(0, 10) !== new Date(from + length * steps).toISOString().slice(0, 10);
    const text = new Date(from + length * step).toISOString();
    return (day ? text.slice(0, 10) + " " : "") + text.slice(11, length < 1000 ? 23 : 19);
  }

  /** @param {HTMLElement} place */
  draw(place) {
    const { steps } = this.activity;
    place.hidden = steps < 2;
    if (place.hidden) return;
    this.place = place;
    const track = element("div", undefined, "track");
    this.bars = this.histogram();
    track.append(this.bars);
    ["Shown from", "Shown until"].forEach((name, i) => {
      const thumb = /** @type {HTMLInputElement} */ (element("input"));
      Object.assign(thumb, { type: "range", min: "0", max: String(steps), step: "1" });
      thumb.setAttribute("aria-label", name);
      thumb.addEventListener("input", () => this.moved(i));
      this.thumbs.push(thumb);
      track.append(thumb);
    });
    this.output = element("output");
    this.reset = button("All of it", () => { this.set(0, steps); this.changed(); });
    place.append(element("span", "Time", "quiet"), track, this.output, this.reset);
    this.refresh();
  }

  /** One bar per step, as high as conversations began in it. */
  histogram() {
    const { steps, edges } = this.activity;
    const sums = new Array(steps).fill(0);
    for (const counts of edges) for (let i = 0; i < counts.length; i += 2) sums[counts[i]] += counts[i + 1];
    const most = Math.max(1, ...sums);
    const svg = document.createElementNS(svgSpace, "svg");
    for (const [name, text] of [["viewBox", `0 0 ${steps} 30`], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) svg.setAttribute(name, text);
    sums.forEach((sum, i) => {
      const bar = document.createElementNS(svgSpace, "rect");
      const height = sum ? 3 + 27 * Math.sqrt(sum / most) : 0;
      for (const [name, number] of [["x", i + 0.08], ["y", 30 - height], ["width", 0.84], ["height", height]]) bar.setAttribute(String(name), String(number));
      svg.append(bar);
    });
    return svg;
  }

  /**
   * A thumb that meets the other stops there.
   * @param {number} which
   */
  moved(which) {
    const at = Number(this.thumbs[which].value);
    if (which === 0) this.set(Math.min(at, this.to - 1), this.to);
    else this.set(this.from, Math.max(at, this.from + 1));
    this.changed();
  }

  refresh() {
    [this.from, this.to].forEach((step, i) => {
      this.thumbs[i].value = String(step);
      this.thumbs[i].setAttribute("aria-valuetext", this.words(step));
    });
    [...this.bars.children].forEach((bar, i) => bar.classList.toggle("out", i < this.from || i >= this.to));
    this.output.textContent = `${this.words(this.from)} – ${this.words(this.to)} UTC`;
    this.reset.hidden = this.all();
  }
}
