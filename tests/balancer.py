"""A balancer of the tests' own: Debian's nginx, in a temporary folder, on ports of this machine."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream replicas {{
        {servers}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://replicas;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_next_upstream error timeout http_503 non_idempotent;
            proxy_connect_timeout 2s;
            proxy_read_timeout 30s;
        }}
    }}
}}
"""


def missing() -> str | None:
    """Why there can be no balancer here, or None."""
    return None if shutil.which("nginx") else "nginx is not installed (apt-get install nginx)"


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@asynccontextmanager
async def balancer(ports: Sequence[int]) -> AsyncIterator[str]:
    """The address of a balancer over servers on these ports, of which some may be down."""
    with TemporaryDirectory(prefix="nginx") as name:
        folder, [port] = Path(name), free_ports(1)
        servers = [f"server 127.0.0.1:{one} max_fails=1 fail_timeout=1s;" for one in ports]
        file = folder / "nginx.conf"
        file.write_text(
            _CONFIGURATION.format(folder=folder, port=port, servers="\n        ".join(servers))
        )
        process = await asyncio.create_subprocess_exec(
            *("nginx", "-p", name, "-c", str(file), "-e", f"{folder}/error.log"),
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await listening(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            await process.wait()


async def listening(port: int, seconds: float = 60.0) -> None:
    """Returns once somebody listens on a port of this machine.

    Raises:
        TimeoutError
    """
    async with asyncio.timeout(seconds):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
