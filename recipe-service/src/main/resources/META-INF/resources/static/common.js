// What the pages' scripts share.

/** Makes an element with attributes and children. */
export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children);
  return made;
};

/** A number of bytes in powers of 1000. */
export const bytes = (count) => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${Math.round(count)} B` : `${count.toFixed(1)} ${units[unit]}`;
};

/** A time span as people say it. */
export const duration = (seconds) => {
  if (seconds < 1) {
    return "under a second";
  }
  if (seconds < 60) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** Sends JSON and returns response and answer; a failure has the problem's sentence as its message. */
export const send = async (method, path, body) => {
  const response = await fetch(path, {
    method,
    headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { response, body: text === "" ? null : JSON.parse(text) };
};

/** Like send, but throws an Error with the service's sentence if it refused. */
export const request = async (method, path, body) => {
  const { response, body: answer } = await send(method, path, body);
  if (!response.ok) {
    throw new Error(answer && answer.detail ? answer.detail : `the service answered ${response.status}`);
  }
  return answer;
};
