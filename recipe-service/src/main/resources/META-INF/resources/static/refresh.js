// Keeps a page's section as the server has it, without losing the reader's place.

/** Fetches the page again and again, while it is looked at, and exchanges the section. */
export const refreshing = (section) => {
  const pause = Number(section.dataset.refresh);
  let current = section;
  const again = async () => {
    if (!document.hidden && !current.contains(document.activeElement)) {
      try {
        const response = await fetch(location.href, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = response.ok && page.getElementById(current.id);
        if (fresh && fresh.innerHTML !== current.innerHTML) {
          const adopted = document.adoptNode(fresh);
          current.replaceWith(adopted);
          current = adopted;
        }
      } catch (offline) {
        // What is shown stays until the service answers.
      }
    }
    setTimeout(again, pause);
  };
  setTimeout(again, pause);
};
