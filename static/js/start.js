// Last: what every page begins with.
showCopyButtons(document);
tellTimes(document);
setInterval(() => tellTimes(document), 5000);
