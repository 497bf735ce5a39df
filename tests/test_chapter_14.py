"""Chapter 14 offline, online and on a mute network: fetching weights neither fails nor hangs."""

import hashlib
import http.server
import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

CHAPTER = Path(__file__).parent.parent / "chapters" / "14-inside-a-trained-network.ipynb"


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """Names that the chapter's functions define, with an empty folder for what is downloaded."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    cells = [
        "".join(cell["source"])
        for cell in json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    fetching = next(source for source in cells if "def imagenet_state" in source)
    names = {"torch": torch, "Path": Path}
    exec(fetching[: fetching.index("torch.manual_seed")], names)
    return names


@pytest.fixture
def serve():
    """Starts a server that answers every request by answer(handler) and returns its address."""
    servers = []

    def start(answer):
        handler = type(
            "Handler",
            (http.server.BaseHTTPRequestHandler,),
            {"do_GET": answer, "log_message": lambda *_: None},
        )
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        servers[-1].daemon_threads = True
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_weights_that_can_be_fetched_are_fetched_once(chapter, serve, tmp_path):
    torch.save({"fc.bias": torch.arange(3.0)}, tmp_path / "made.pth")
    content, asked = (tmp_path / "made.pth").read_bytes(), []

    def answer(handler):
        asked.append(handler.path)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    name = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    chapter["weights"] = SimpleNamespace(url=f"{serve(answer)}/models/{name}")
    for _ in range(2):
        assert chapter["imagenet_state"]()["fc.bias"].tolist() == [0, 1, 2]
    assert asked == [f"/models/{name}"]


def test_a_damaged_file_is_not_taken(chapter, serve):
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"something else")

    chapter["weights"] = SimpleNamespace(url=f"{serve(answer)}/resnet18-f37072fd.pth")
    assert chapter["imagenet_state"]() is None


def test_without_a_network_there_are_no_weights_and_no_error(chapter, capfd):
    chapter["weights"] = SimpleNamespace(url="http://127.0.0.1:9/resnet18-f37072fd.pth")
    assert chapter["imagenet_state"]() is None
    assert capfd.readouterr().err == ""  # the book's build stops at anything on stderr


def test_a_server_that_says_nothing_is_left_after_the_deadline(chapter, serve):
    done = threading.Event()
    chapter["weights"] = SimpleNamespace(
        url=f"{serve(lambda handler: done.wait(30))}/resnet18-f37072fd.pth"
    )
    start = time.monotonic()
    assert chapter["imagenet_state"](seconds=0.5) is None
    assert time.monotonic() - start < 10
    done.set()
