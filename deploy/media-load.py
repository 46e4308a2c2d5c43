#!/usr/bin/env python3
"""Sends images to a WhatsApp number of a simulated Meta, and checks every byte at the links that the events carry.

Takes the binary: media-load.py target/release/socialhook [images] [a second] [bytes]. Starts a service and a simulated Meta of its own, with
their data in a temporary directory, and prints how long things took and how much memory the service had.
"""
import hashlib, http.cookiejar, http.server, json, os, re, shutil, statistics, subprocess, sys, tempfile, threading, time
import urllib.error, urllib.parse, urllib.request
from concurrent.futures import ThreadPoolExecutor

binary, images, rate, size = (sys.argv[1:] + [None] * 4)[:4]
images, rate, size = int(images or 1000), float(rate or 50), int(size or 1_000_000)
SERVICE, SIM, RECEIVER = "http://127.0.0.1:18080", "http://127.0.0.1:19800", 19900
events, lock = [], threading.Lock()


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with lock:
            events.append((time.monotonic(), event))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


plain = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
browser = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), NoRedirect)


def ask(opener, url, form=None):
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, data, {"sec-fetch-site": "same-origin"})
    try:
        answer = opener.open(request, timeout=120)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers.get("location") or "", answer.read()


def wait(url):
    for _ in range(600):
        try:
            if ask(plain, url)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"{url} never answered")


def memory(pid):
    text = open(f"/proc/{pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024


data = tempfile.mkdtemp(prefix="socialhook-media-")
environment = {**os.environ, "SOCIALHOOK_META_URL": SIM, "SOCIALHOOK_LOG": "warn"}
os.chmod(data, 0o755)
sim = subprocess.Popen([binary, "meta-sim", "--at", SIM[7:]], stderr=subprocess.DEVNULL)
service = subprocess.Popen([binary, "serve", "--listen", SERVICE[7:], "--data-dir", data + "/service"], env=environment)
try:
    wait(SERVICE + "/readyz")
    wait(SIM + "/")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", RECEIVER), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    tree = {"tenants": [{"name": "Load", "owner": {"email": "load@example.test", "password": "correct horse battery"},
                         "apps": [{"name": "own", "app_secret": "simulated-app-secret", "verify_token": "load"}],
                         "endpoints": [{"name": "main", "url": f"http://127.0.0.1:{RECEIVER}/hook"}]}]}
    made = subprocess.run([binary, "admin", "provision", "-", "--data-dir", data + "/service"], input=json.dumps(tree).encode(),
                          stdout=subprocess.PIPE, check=True, env=environment)
    app = json.loads(made.stdout)["tenants"][0]["apps"][0]
    ask(plain, SIM + "/sim/apps", {"callback_url": SERVICE + app["callback_path"], "verify_token": "load"})
    token = urllib.parse.parse_qs(urllib.parse.urlparse(ask(plain, SIM + "/sim/tokens", {})[1]).query)["notice"][0].split(": ")[1]
    ask(browser, SERVICE + "/sign-in", {"email": "load@example.test", "password": "correct horse battery"})
    print("connected:", ask(browser, f"{SERVICE}/apps/{app['id']}/meta", {"meta_app_id": "670843887433847", "access_token": token})[1])

    before, peak, stop = memory(service.pid), [0.0], threading.Event()

    def watch():
        while not stop.is_set():
            peak[0] = max(peak[0], memory(service.pid))
            time.sleep(0.1)

    threading.Thread(target=watch, daemon=True).start()
    form = {"to": "106540352242922", "text": "", "bytes": size}
    start, pool = time.monotonic(), ThreadPoolExecutor(32)
    for n in range(images):
        time.sleep(max(0, start + n / rate - time.monotonic()))
        pool.submit(ask, plain, SIM + "/sim/messages", form)
    pool.shutdown()
    sent = time.monotonic() - start
    while len(events) < images and time.monotonic() - start < sent + 120:
        time.sleep(0.05)
    print(f"{len(events)} of {images} events delivered; {images} images of {size} bytes sent in {sent:.1f} s")

    def fetch(one):
        began = time.monotonic()
        status, _, body = ask(plain, one["url"])
        return status, time.monotonic() - began, hashlib.sha256(body).hexdigest() == one["sha256"] and len(body) == size

    links = [event["message"]["media"][0] for _, event in events]
    with ThreadPoolExecutor(4) as four:
        fetched = list(four.map(fetch, links))
    stop.set()
    right = sum(1 for status, _, same in fetched if status == 200 and same)
    times = sorted(1000 * seconds for _, seconds, _ in fetched)
    at = lambda part: times[min(len(times) - 1, int(len(times) * part))]
    print(f"{right} of {images} identical at their links; link p50 {at(.5):.1f} ms, p99 {at(.99):.1f} ms, slowest {times[-1]:.1f} ms")
    print(f"memory of the service: {before:.0f} MiB before, {peak[0]:.0f} MiB at most")
    sys.exit(0 if right == images == len(events) else 1)
finally:
    for process in (service, sim):
        process.terminate()
        process.wait()
    shutil.rmtree(data, ignore_errors=True)
