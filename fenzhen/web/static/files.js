// Files that are chosen are kept in this browser until the server has them, and are sent by themselves: at once,
// when the network comes back, or from the next page of ours. Kept per person; removed as soon as they are there.
(() => {
  "use strict";
  const person = document.body.dataset.person;
  if (!person || !window.indexedDB) return;
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const forms = () => [...document.querySelectorAll("form[data-files]")];
  const words = (name) => forms()[0]?.dataset[name] || "";

  const base = new Promise((resolve, reject) => {
    const opening = indexedDB.open(`fenzhen-files-${person}`, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("files", { keyPath: "id" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const store = async (mode, act) => {
    const db = await base;
    return new Promise((resolve, reject) => {
      const work = db.transaction("files", mode);
      const asked = act(work.objectStore("files"));
      work.oncomplete = () => resolve(asked?.result);
      work.onerror = work.onabort = () => reject(work.error);
    });
  };
  const all = async () => (await store("readonly", (s) => s.getAll())).sort((a, b) => a.at - b.at);
  const forget = (id) => store("readwrite", (s) => s.delete(id));

  function tile(file, state) {
    const spot = forms().find((form) => form.dataset.files === file.url)?.querySelector("[data-files-waiting]");
    if (!spot) return;
    let line = spot.querySelector(`[data-file="${file.id}"]`);
    if (!line) {
      line = document.createElement("li");
      line.className = "file";
      line.dataset.file = file.id;
      const name = document.createElement("span");
      name.className = "file-name cut";
      name.textContent = file.name;
      const what = document.createElement("span");
      what.className = "file-what soon-words";
      line.append(name, what);
      if (file.type.startsWith("image/")) {
        const reader = new FileReader();
        reader.onload = () => {
          const picture = document.createElement("img");
          picture.src = reader.result;
          picture.alt = file.name;
          line.prepend(picture);
        };
        reader.readAsDataURL(new Blob([file.bytes], { type: file.type }));
      }
      spot.append(line);
    }
    line.querySelector(".file-what").textContent = words(state);
  }
  const untile = (id) => document.querySelector(`[data-file="${id}"]`)?.remove();

  let running = false;
  let timer = 0;
  async function flush() {
    clearTimeout(timer);
    if (running) return;
    running = true;
    let left = false;
    try {
      for (const file of await all()) {
        tile(file, "sending");
        const body = new FormData();
        body.append("file", new File([file.bytes], file.name, { type: file.type }));
        body.append("kind", file.kind);
        body.append("once", file.id);
        let answer;
        try {
          answer = await fetch(file.url, { method: "POST", body, redirect: "manual", headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
        } catch {
          tile(file, "waiting");
          left = true;
          break; // no network: the others would fare no better
        }
        if (answer.status === 401) { document.getElementById("signed-out").hidden = false; tile(file, "waiting"); break; }
        if (answer.status >= 500 || answer.status === 0) { tile(file, "waiting"); left = true; continue; }
        await forget(file.id);
        untile(file.id);
        if (answer.status === 200) {
          const list = forms().find((form) => form.dataset.files === file.url)?.querySelector("[data-files-list]");
          if (list) { list.innerHTML = await answer.text(); htmx.process(list); }
        } else if (answer.status >= 400) {
          let events = {};
          try { events = JSON.parse(answer.headers.get("HX-Trigger") || "{}"); } catch { /* said nothing we know */ }
          const why = Object.values(events["fenzhen:refused"]?.fields || {})[0] || events["fenzhen:say"]?.items?.[0]?.text || String(answer.status);
          fenzhen.say({ text: `${file.name}: ${why}`, tone: "bad" });
        }
      }
    } finally {
      running = false;
    }
    if (left) timer = setTimeout(flush, 3000);
  }

  async function take(form) {
    const input = form.querySelector("input[type=file]");
    const kind = form.elements.kind?.value || form.dataset.kind || "";
    for (const chosen of [...input.files]) {
      // The bytes, not the handle: a phone's picker may take the file away again.
      const file = { id: crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`, url: form.dataset.files, name: chosen.name, type: chosen.type, kind, at: Date.now() + performance.now() / 1e6, bytes: await chosen.arrayBuffer() };
      try {
        await store("readwrite", (s) => s.put(file));
        tile(file, "waiting");
      } catch {
        fenzhen.say({ text: `${chosen.name}: ${words("full")}`, tone: "bad" });
      }
    }
    input.value = "";
    flush();
  }
  for (const form of forms()) {
    form.classList.add("is-ready");
    form.addEventListener("change", (event) => { if (event.target.type === "file") take(form); });
    form.addEventListener("submit", (event) => { event.preventDefault(); take(form); });
  }
  window.addEventListener("online", flush);
  all().then((waiting) => { waiting.forEach((file) => tile(file, "waiting")); if (waiting.length) flush(); }).catch(() => {});
})();
