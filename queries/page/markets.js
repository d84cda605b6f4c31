// Markets: what grows and fades in a country, and which countries watch like it.
import { country, h, percent, put, table } from "./dom.js";
import { ask, calledOff } from "./api.js";

const BY = [["tags", "Tags"], ["genre", "Genres"]];

export async function showMarkets(target, _, settings) {
  document.title = "Markets – titlegraph";
  const { data } = await ask("countries", {}, { slot: "page" });
  const codes = [...new Set(data.map((row) => row.country))].sort((a, b) => country(a).localeCompare(country(b)));
  const chosen = () => settings.get("country") ?? "";
  const by = () => settings.get("by") ?? "tags";
  const [grows, alike] = [h("div.results"), h("div")];
  const select = (label, name, options, now) => h("label", {}, label, h("select", { onchange: (event) => { if (event.target.value) settings.set(name, event.target.value); else settings.delete(name); keep(); } }, options.map(([value, text]) => h("option", { value, selected: value === now }, text))));

  function keep() {
    history.replaceState(null, "", `#/markets${settings.size ? `?${settings}` : ""}`);
    look();
  }

  async function look() {
    try {
      const { data: rows, note } = await ask("trends", { country: chosen() || null, by: by(), k: 8, sure: false }, { slot: "trends" });
      put(grows, note && h("p.notice", {}, note), rows.length > 0 && rows.every((row) => row.trend === "steady") && h("p.notice", {}, "None of these changes is larger than chance explains."),
        trend("Growing", rows.filter((row) => row.growth > 0)), trend("Fading", rows.filter((row) => row.growth < 0)));
    } catch (error) { if (!calledOff(error)) put(grows, h("p.quietly", {}, error.message)); }
    try {
      if (!chosen()) return void put(alike, h("p.quietly", {}, "Choose a country to see which others watch like it."));
      const { data: rows } = await ask("countries", { country: chosen(), k: 8 }, { slot: "alike" });
      put(alike, rows.some((row) => row.simulated) && h("p.notice", {}, "From simulated audiences: nobody watched."), rows.length ? likeness(rows) : h("p", {}, "Too few titles are known in common."));
    } catch (error) { if (!calledOff(error)) put(alike, h("p.quietly", {}, error.message)); }
  }

  put(target, h("h1", {}, "Markets"),
    h("div.tools", {}, select("Country", "country", [["", "all together"], ...codes.map((code) => [code, country(code)])], chosen()), select("Trends of", "by", BY, by())),
    h("section.panel", { "aria-labelledby": "trends-heading" }, h("h2", { id: "trends-heading" }, "What grows and what fades"),
      h("p.quietly", {}, "Shares of the audience, month by month. The interval holds the true change nine times out of ten; where it includes zero, chance alone may explain the change."), grows),
    h("section.panel", { "aria-labelledby": "alike-heading" }, h("h2", { id: "alike-heading" }, "Countries that watch alike"), alike));
  await look();
}

function trend(heading, rows) {
  rows.sort((a, b) => Math.abs(b.growth) - Math.abs(a.growth));
  if (!rows.length) return h("section", {}, h("h3", {}, heading), h("p.quietly", {}, "Nothing."));
  const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${(100 * Math.abs(value)).toFixed(2)} %`;
  return h("section", {}, h("h3", {}, heading), table(heading, [["What"], ["Share of the audience", true], ["Change a month", true], ["Interval", true], ["Sure"], ["Moved most by"]],
    rows.map((row) => [row.what, percent(row.share), signed(row.growth), `${signed(row.low)} to ${signed(row.high)}`, row.trend === "steady" ? "no" : "yes", row.behind.slice(0, 3).join(", ")])));
}

function likeness(rows) {
  return table("Countries that watch alike", [["Country"], ["Similarity", true], ["Titles in common", true], ["By"], ["Both watch more than others do"]],
    rows.map((row) => [country(row.country), row.similarity.toFixed(2), String(row.titles), row.unit, row.because || "–"]));
}
