"""torchvision's weights online, offline and on a mute network: fetching neither fails nor hangs."""

import hashlib
import http.server
import threading
import time
from types import SimpleNamespace

import pytest
import torch
import torchvision

import resnet_lab as rl
from resnet_lab.weights import imagenet_weights

NET = rl.resnet(18)


@pytest.fixture
def weights_at(tmp_path, monkeypatch):
    """A function that has torchvision's weights come from an address, into an empty folder."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def set_address(url):
        known = {"IMAGENET1K_V1": SimpleNamespace(url=url)}
        monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: known)

    return set_address


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


def test_weights_that_can_be_fetched_are_fetched_once(weights_at, serve, tmp_path):
    torch.save({"fc.bias": torch.arange(3.0)}, tmp_path / "made.pth")
    content, asked = (tmp_path / "made.pth").read_bytes(), []

    def answer(handler):
        asked.append(handler.path)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    name = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    weights_at(f"{serve(answer)}/models/{name}")
    for _ in range(2):
        assert imagenet_weights(NET)["fc.bias"].tolist() == [0, 1, 2]
    assert asked == [f"/models/{name}"]


def test_a_damaged_file_is_not_taken(weights_at, serve):
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"something else")

    weights_at(f"{serve(answer)}/resnet18-f37072fd.pth")
    for _ in range(2):
        with pytest.raises(OSError, match="ResNet-18 could not be downloaded .*hash"):
            imagenet_weights(NET)


def test_without_a_network_the_error_says_what_to_do(weights_at, capfd):
    weights_at("http://127.0.0.1:9/resnet18-f37072fd.pth")
    with pytest.raises(OSError, match="could not be downloaded .*refused.*; put http.*fashion-mni"):
        imagenet_weights(NET)
    assert capfd.readouterr().err == ""  # the book's build stops at anything on stderr


def test_a_server_that_says_nothing_is_left_after_the_deadline(weights_at, serve):
    done = threading.Event()
    weights_at(f"{serve(lambda handler: done.wait(30))}/resnet18-f37072fd.pth")
    start = time.monotonic()
    with pytest.raises(OSError, match=r"nothing has come within 0\.5 s"):
        imagenet_weights(NET, seconds=0.5)
    assert time.monotonic() - start < 10
    done.set()
