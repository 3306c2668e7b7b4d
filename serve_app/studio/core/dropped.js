// Pictures that are dropped or chosen, each with the name of the folder that it lies in.
const isPicture = (file) => file.type.startsWith("image/") && !file.name.startsWith(".");

/** Of a drop: [{ file, folder }]; `folder` is "" for a file that was dropped by itself. */
export async function dropped(transfer) {
  // The list is empty once the event is over: what is in it is taken before anything is waited for.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return chosen(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found.filter(({ file }) => isPicture(file));
}

/** Of a field for files, or for a folder. */
export const chosen = (files) => [...files].filter(isPicture)
  .map((file) => ({ file, folder: file.webkitRelativePath?.split("/").at(-2) ?? "" }));

async function walk(entry, folder, found) {
  if (entry.isFile) {
    found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), folder });
  } else if (!entry.name.startsWith(".")) {
    const reader = entry.createReader();
    for (;;) { // it gives a hundred at a time, and none at the end
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const each of some) await walk(each, entry.name, found);
    }
  }
}
