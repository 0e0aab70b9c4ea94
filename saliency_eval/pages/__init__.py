'''Pages: every HTML file of the package is rendered here, as one file that opens from disk without a network.

A page is a template that extends `layout.html` and fills its block `content` (and `lead`, the lines under the
heading). `render` gives it the policy, the style, the script and the data island:

    render("""{% extends "layout.html" %}{% from "parts.html" import picture %}
    {% block content %}
    <h2>ROC</h2>
    {{ picture(roc, "ROC of i01: area 0.81") }}
    {% endblock %}""", title="i01", roc=data_uri(plots.svg(figure), "svg+xml"))

- Everything is escaped; names go through `| shown` too and stand in `<bdi class="name">` (macro `name`). Nothing is
  marked safe. A link goes through `| address`, which lets http(s) pass.
- No style and no event attributes, no other address than `data:`: the policy allows the style and the script of this
  folder by their hashes (and the texts given as `style` and `script`), and pictures as `data:` images. Pictures come
  from `plots`, with alt text and their numbers in a table.
- Everything is there, readable and sorted, before the script runs. The script adds controls to what is marked:
  `table.sortable` (buttons in `th[data-sort]`, `number` or `text`; `data-first="descending"`; a cell's value is its
  `data-value`, else its text), `input[data-filters=ID]` (rows of a table, by their heading), `input[data-column=NAME]`
  in `[data-columns=ID]` (cells with that `data-column`), `select[data-shows=NAME]` (one of the `[data-of=NAME]`, by
  `data-key`; macro `choice`). Controls stand in an element with class `controls` and `hidden`, which the script shows.
- A wide table lies in a box that scrolls (macro `box`); the page itself does not scroll sideways at 360 pixels.
- A plot has class `plot`: it is drawn dark on nothing, and the style turns it light in the dark scheme. Photographs
  have another class.

The page of a board is made of `board_*.html`; another page may include them, with `document` and what `board.view`
gives.
'''

from saliency_eval.pages.board import to_html
from saliency_eval.pages.page import data_uri, island, render

__all__ = ["data_uri", "island", "render", "to_html"]
