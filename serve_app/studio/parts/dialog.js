// Windows over the page: the browser's own dialog, which keeps the focus inside and closes on Escape.
import { html, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { Button } from "./basic.js";
import { complain } from "../core/notices.js";

/** A dialog that is open as long as it is there. */
export function Dialog({ title, onClose, children, class: extra = "", closable = true }) {
  const box = useRef();
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.focus?.();
  }, []);
  return html`<dialog ref=${box} class=${extra} aria-label=${title}
    onCancel=${(event) => { event.preventDefault(); if (closable) onClose(); }}
    onMouseDown=${(event) => closable && event.target === box.current && onClose()}>
    <div class="sheet"><header><h2>${title}</h2>${closable && html`<${Button} kind="bare" icon="close" label="Close" onClick=${onClose} />`}</header>
    ${children}</div></dialog>`;
}

/** Ask before something is lost. `action` may take its time. */
export function Confirm({ title, children, verb, onClose, action }) {
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await action();
      onClose();
    } catch (error) {
      setBusy(false);
      complain(error);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}><p>${children}</p>
    <div class="row end"><${Button} onClick=${onClose}>Keep it</${Button}>
    <${Button} kind="danger" busy=${busy} onClick=${go}>${verb}</${Button}></div></${Dialog}>`;
}
