"""The report as one HTML page that needs nothing else: tables, and bars with their intervals drawn as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
:root{--ink:#1d2433;--soft:#667085;--line:#e4e7ec;--card:#fff;--page:#f6f7f9;--mark:#3457d5;--bar:#b9c6f2}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}main{max-width:1060px;margin:0 auto;padding:40px 24px}
h1{font-size:28px;margin:0 0 4px}h2{font-size:20px;margin:36px 0 8px}h3{font-size:15px;margin:20px 0 6px}
.soft{color:var(--soft)}.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 22px;
margin:14px 0}table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;padding:5px 10px 5px 0;
border-bottom:1px solid var(--line)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
tr.own td{font-weight:600;color:var(--mark)}.flag{background:#fff4e5;border:1px solid #f5c26b;border-radius:8px;
padding:8px 14px}.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:18px}
ol{margin:4px 0;padding-left:22px;font-size:13.5px}summary{cursor:pointer;font-weight:600;padding:4px 0}
"""


def page(found: Mapping[str, Any]) -> str:
    """The report of :func:`embeddings.usefulness.run.report` as HTML."""
    short = found["usefulness"]
    body = [f"<h1>Do the embeddings help?</h1><p class=soft>Release {escape(str(found['release']))}</p>"]
    if short["simulated"]:
        body.append("<p class=flag>The viewers are simulated: nobody watched. These figures say nothing of people.</p>")
    body.append(f"<p>{escape(short['protocol'])}</p>")
    if short["watched_too"]:
        body += _watched("Who watches it too: titles unseen in viewings", short["watched_too"])
    if short["adaptations"]:
        body += _adapted("Adaptations", short["adaptations"])
    ablation = found.get("ablation") or {}
    if own := ablation.get("watched_too"):
        body.append(f"<h2>Full ablation</h2><p>{escape(own['protocol'])}</p>")
        body += _watched("Films without viewings in training", own["unseen"])
        body += _watched("Films with viewings in training", own["seen"])
    if own := ablation.get("adaptations"):
        body.append(f"<p>{escape(own['protocol'])}</p>")
        body += _adapted("Adaptations", own)
    for unit, own in (found.get("audience") or {}).items():
        body += _audience(unit, own, (ablation.get("audience") or {}).get(unit))
    body += _people(found["people"])
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Usefulness report</title>"
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>"
    )


def _watched(title: str, figures: Mapping[str, Any]) -> list[str]:
    parts = [f"<h2>{escape(title)}</h2>"]
    for where, words in (("near", "candidates within three years"), ("anywhere", "all candidates")):
        rows = {name: row["ndcg"] for name, row in figures[where].items()}
        body = "".join(
            f"<tr{_own(name)}><td>{escape(name)}{_number(row['ndcg'])}<td>{_bar(row['ndcg'], rows)}"
            f"{_number(row['recall'])}{_number(row['auc'])}{_ahead(row.get('ahead'))}"
            for name, row in sorted(figures[where].items(), key=lambda pair: -_mean(pair[1]["ndcg"]))
        )
        head = "<tr><th>method<th class=n>NDCG@10<th>95 %<th class=n>recall@10<th class=n>matched AUC"
        head += "<th class=n>fused is ahead by (95 %)"
        parts.append(f"<div class=card><h3>{words.capitalize()}</h3><table>{head}{body}</table></div>")
    return parts


def _adapted(title: str, figures: Mapping[str, Any]) -> list[str]:
    parts = [f"<h2>{escape(title)}</h2>"]
    for question, words in (("films", "From a film to the other films of its book"), ("books", "From a book to films")):
        if question not in figures:
            continue
        rows = {name: row["mrr"] for name, row in figures[question].items()}
        body = "".join(
            f"<tr{_own(name)}><td>{escape(name)}{_number(row['mrr'])}<td>{_bar(row['mrr'], rows)}"
            f"{_ahead(row.get('ahead'))}"
            for name, row in sorted(figures[question].items(), key=lambda pair: -_mean(pair[1]["mrr"]))
        )
        head = "<tr><th>method<th class=n>MRR<th>95 %<th class=n>fused is ahead by (95 %)"
        parts.append(f"<div class=card><h3>{words}</h3><table>{head}{body}</table></div>")
    return parts


def _audience(unit: str, about: Mapping[str, Any], measured: Mapping[str, Any] | None) -> list[str]:
    """What is served for a unit and why; and, of the full report, the table of what each part adds."""
    parts = [
        f"<h2>Audience by country: {escape(unit)}</h2><p>{about['titles']:,} titles, {about['countries']} countries. "
        f"R² {about['r2']:.3f} (country means {about['r2_country_means']:.3f}). Served: {escape(about['served'])}, for "
        f"{escape(about['why'])}.</p><p class=soft>{escape(about['protocol'])}</p>"
    ]
    if measured is None:
        return parts
    rows = {name: row["r2"] for name, row in measured["methods"].items()}
    body = "".join(
        f"<tr{_own(name)}><td>{escape(name)}{_number(row['r2'])}<td>{_bar(row['r2'], rows)}"
        f"{_number(row['within_country'])}{_number(row['within_title'])}{_number(row['precision'])}"
        f"{_ahead(row.get('ahead'))}"
        for name, row in measured["methods"].items()
    )
    head = "<tr><th>method<th class=n>R²<th>95 %<th class=n>in country<th class=n>in title<th class=n>precision at 10"
    head += "<th class=n>R²: served is ahead by (95 %)"
    parts.append(f"<p>{escape(measured['protocol'])}</p><div class=card><table>{head}{body}</table></div>")
    return parts


def _people(people: Mapping[str, Any]) -> list[str]:
    parts = ["<h2>For people to judge</h2>"]
    for entry in people["titles"]:
        lists = "".join(
            f"<div><h3>{escape(view)}</h3><ol>{''.join(map(_near, near))}</ol></div>"
            for view, near in entry["nearest"].items()
        )
        parts.append(
            f"<details class=card><summary>{_title(entry)} <span class=soft>{_watched_by(entry)}</span></summary>"
            f"<div class=grid>{lists}</div></details>"
        )
    if pairs := people["title_pairs"]:
        body = "".join(
            f"<tr><td>{_title(p['a'])} <span class=soft>{_watched_by(p['a'])}</span>"
            f"<td>{_title(p['b'])} <span class=soft>{_watched_by(p['b'])}</span><td class=n>{p['similarity']:.2f}"
            for p in pairs
        )
        parts.append(f"<h3>Titles with similar audiences</h3><div class=card><table>{body}</table></div>")
    if pairs := people["country_pairs"]:
        body = "".join(
            f"<tr><td>{escape(p['a'])}<td>{escape(p['b'])}<td>{escape(p['unit'])}<td class=n>{p['similarity']:.2f}"
            for p in pairs
        )
        parts.append(f"<h3>Countries that watch alike</h3><div class=card><table>{body}</table></div>")
    return parts


def _near(entry: Mapping[str, Any]) -> str:
    return f"<li>{_title(entry)} <span class=soft>{entry['similarity']:.2f} {_watched_by(entry)}</span>"


def _title(entry: Mapping[str, Any]) -> str:
    return escape(entry["title"]) + (f" ({entry['year']})" if entry["year"] else "")


def _watched_by(entry: Mapping[str, Any]) -> str:
    """How well a title is known: era and popularity stand beside every similarity."""
    words = [f"{entry[name]:,} {name}" for name in ("viewers", "countries") if entry[name]]
    return "· " + ", ".join(words) if words else ""


def _bar(row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> str:
    """A bar with its interval, 160 wide at the largest upper end."""
    most = max((r["high"] for r in rows.values() if _known(r)), default=1) or 1
    if not _known(row):
        return ""
    mean, low, high = (round(160 * row[k] / most, 1) for k in ("mean", "low", "high"))
    return (
        f"<svg width=164 height=14 role=img aria-label='{row['low']:.3f} to {row['high']:.3f}'>"
        f"<rect width={mean} height=12 y=1 rx=2 fill='var(--bar)'/>"
        f"<path d='M{low} 7H{high}M{low} 4v6M{high} 4v6' stroke='var(--mark)' fill=none /></svg>"
    )


def _known(row: Mapping[str, Any]) -> bool:
    return row["mean"] is not None and row["mean"] == row["mean"]


def _mean(row: Mapping[str, Any]) -> float:
    return float(row["mean"]) if _known(row) else -1.0


def _number(row: Mapping[str, Any]) -> str:
    return f"<td class=n>{row['mean']:.3f}" if _known(row) else "<td class=n>–"


def _ahead(row: Mapping[str, Any] | None) -> str:
    if row is None or not _known(row):
        return "<td>"
    return f"<td class=n>{row['mean']:+.3f} ({row['low']:+.3f} … {row['high']:+.3f})"


def _own(name: str) -> str:
    return " class=own" if name in ("fused", "served") else ""
