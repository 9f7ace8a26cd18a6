// Opens a page in a headless Chromium and waits until it says that its SDK is done. Arguments: executable, address, seconds.
import puppeteer from "puppeteer-core";

const [executablePath, address, seconds] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
});
const told = [];
try {
  const page = await browser.newPage();
  page.on("console", (message) => told.push(message.text()));
  page.on("pageerror", (error) => told.push(`error: ${error.message}`));
  await page.goto(address, { waitUntil: "load" });
  await page.waitForFunction("window.done !== undefined", { timeout: Number(seconds) * 1000 });
  const done = await page.evaluate("window.done");
  if (done !== true) throw new Error(String(done));
  // What an SDK repeats it repeats while the page is open: the caller says by closing stdin that everything has arrived.
  await new Promise((resolve) => process.stdin.on("end", resolve).resume());
} catch (error) {
  console.error(error.message, told.join("\n"));
  process.exitCode = 1;
} finally {
  await browser.close();
}
