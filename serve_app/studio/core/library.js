// Datasets and profiles, as lists that several views need.
import { all, call } from "./api.js";
import { state, update } from "./store.js";

/** All datasets with their counts; anew with `anew`. */
export async function loadDatasets(anew = false) {
  if (state.datasets && !anew) return;
  update({ datasets: await all("/datasets", "datasets", { limit: 1000 }) });
}

/** What the list of datasets says of one; null where it has no image yet. */
export const listed = async (name) =>
  (await all("/datasets", "datasets", { limit: 1000 })).find((each) => each.name === name) ?? null;

/** All profiles. */
export async function loadProfiles(anew = false) {
  if (state.profiles && !anew) return;
  update({ profiles: await all("/profiles", "profiles", { limit: 1000 }) });
}

/** Remove a dataset with its images. */
export async function deleteDataset(name) {
  await call("DELETE", `/datasets/${name}`);
  update({ datasets: state.datasets?.filter((each) => each.name !== name) ?? null });
}

/** Remove a profile. */
export async function deleteProfile(name) {
  await call("DELETE", `/profiles/${name}`);
  update({ profiles: state.profiles?.filter((each) => each.name !== name) ?? null });
}
