// What a browser may refuse: it has no room, or keeps nothing for anybody.
export function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
