// The map as a page of its own: reads the data beside it, and adds a switch between light and dark.

import { createMap } from "./map.js";

const root = document.documentElement;
const map = createMap(document.getElementById("map"), JSON.parse(document.getElementById("data").textContent));
const button = document.createElement("button");
const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
button.type = "button";
button.addEventListener("click", () => {
  root.dataset.theme = dark() ? "light" : "dark";
  label();
  map.redraw();
});
label();
document.querySelector(".tm-bar").append(button);
