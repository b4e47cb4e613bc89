// Choose the browser's own time zone where the person has not chosen one yet.
for (const select of document.querySelectorAll("select[data-guess-time-zone]")) {
  const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = [...select.options].some((option) => option.value === guess);
  if (known && select.value === "UTC") select.value = guess;
}
