// Puts the page together: what changed decides what is drawn again.

import { drawComposer, focusComposer } from "./composer.js";
import { drawLog, noteTrouble } from "./messages.js";
import { startRoom } from "./room.js";
import { drawHead, drawSide } from "./side.js";
import { siteNow, start, store, watch } from "./store.js";
import { refreshAgo } from "./text.js";
import { drawHome, drawModal } from "./views.js";

watch((change) => {
  if (!store.people.size) return;
  if (change.kind === "all" || change.kind === "lost") drawAll();
  else if (change.kind === "trouble") noteTrouble(change);
  else if (change.kind === "views") {
    drawSide();
    if (change.user !== store.me) return;
    drawModal();
    if (store.tab === "home") drawHome();
  } else {
    drawSide();
    if (change.channel === store.channel && store.tab === "messages") drawLog();
  }
});

function drawAll() {
  drawSide();
  drawHead();
  drawComposer();
  drawModal();
  if (store.tab === "home") drawHome();
  else drawLog(true);
  if (!document.querySelector(".veil")) focusComposer();
}

setInterval(() => refreshAgo(siteNow()), 1000);
startRoom();
start();
