"""Which machines may be called: none inside our own network unless the configuration says so, whatever it is called."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.agents.runner import check
from plugins.http import addresses as addresses_module
from plugins.http.addresses import addresses, is_public

from .asking import SERVICE, service_config, told
from .asking import ask_service as ask
from .local_server import Answer, Server, serving

OK = Answer({"output": {"score": 7}})
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "0.0.0.0", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:7f00:1::", "not an address", "",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::101:101", "172.32.0.1", "11.0.0.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_belongs_to_no_public_network_is_private(address: str) -> None:
    assert is_public(address) is False


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(address) is True


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_another_is_no_more_public_than_it_is_itself(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    wrapped = [f"::ffff:{inner}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"]
    wrapped.append(f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1")
    assert [one for one in wrapped if is_public(one) and not is_public(str(inner))] == []


SPELLINGS = ["127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "LOCALHOST"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_this_machine_is_called(host: str) -> None:
    with serving(OK) as server:
        text, permanent, _ = told(ask(at(server, host), allow_private_addresses=False))
    assert "is at the private address" in text
    assert "Set allow_private_addresses if" in text
    assert (permanent, server.paths) == (True, [])


def at(server: Server, host: str) -> Server:
    return Server(server.url.replace("127.0.0.1", host), [])


class Resolver:
    """Stands for the network's names; remembers how often it was asked for one. Numbers need no asking."""

    real = staticmethod(socket.getaddrinfo)

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return self.real(host, port, *more, **named)
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def test_a_name_with_one_private_address_among_public_ones_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses_module.socket, "getaddrinfo", Resolver(["93.184.215.14", "10.0.0.7"]))
    text, permanent, _ = told(ask(Server("http://two-faced.example/", []), allow_private_addresses=False))
    assert text.startswith("two-faced.example is at the private address 10.0.0.7, which is not called.")
    assert permanent is True


def test_a_name_is_looked_up_once_and_cannot_change_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was judged is the one that is called; the second answer is never asked for."""
    with serving(OK) as server:
        names = Resolver(["127.0.0.1"], ["192.0.2.1"])
        monkeypatch.setattr(addresses_module.socket, "getaddrinfo", names)
        outcome = ask(at(server, "service.example"))
    assert (outcome.output, names.asked) == ({"score": 7}, 1)
    assert server.headers[0]["host"] == f"service.example:{server.url.split(':')[2].split('/')[0]}"


def test_the_next_address_is_tried_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(OK) as server:
        monkeypatch.setattr(addresses_module.socket, "getaddrinfo", Resolver(["127.0.0.9", "127.0.0.1"]))
        assert ask(at(server, "service.example")).output == {"score": 7}


def test_a_name_that_nobody_has_may_be_known_later() -> None:
    text, permanent, _ = told(ask(Server("http://nobody.invalid/", [])))
    assert text.startswith("The host nobody.invalid cannot be found (")
    assert permanent is False


def test_a_public_address_is_given_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses_module.socket, "getaddrinfo", Resolver(["8.8.8.8", "1.1.1.1", "8.8.8.8"]))
    assert addresses("example.com", 443, private=False) == ["8.8.8.8", "1.1.1.1"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [*made, "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost", "-days", "2",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    read: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as safe:
                    read.append(safe.recv(1000))
            except OSError:
                pass  # the other side hung up

        thread = threading.Thread(target=serve)
        thread.start()
        text, permanent, _ = told(ask(Server(f"https://localhost:{listening.getsockname()[1]}/", [])))
        thread.join()
    assert text.startswith("The service's certificate is not trusted (")
    assert (permanent, b"".join(read)) == (True, b"")


def test_health_checks_are_guarded_alike() -> None:
    with serving(Answer(b"")) as server:
        config = service_config(health_url=server.url, allow_private_addresses=False)
        assert "is at the private address 127.0.0.1" in check(SERVICE, config=config).message
    assert server.paths == []
