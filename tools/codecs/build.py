#!/usr/bin/env python3
"""Compiles the codecs that no package publishes as needed, to WebAssembly: tools/codecs/*.c with the libraries below.

    python3 tools/codecs/build.py OUT
    deno run -A tools/embed_codecs.ts OUT

Needs pip and cargo, which bring the compiler (Zig's clang) and the sources; nothing is installed. The same versions give the
same bytes.
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

ZIG = "0.17.1"
#: Crates whose packages hold the C sources unchanged: Little CMS 2.19, libjpeg-turbo 3.1.0.
CRATES = {"lcms2-sys": "4.0.7", "turbojpeg-sys": "1.2.0"}

#: libjpeg-turbo's files for reading 8-bit samples.
JPEG_FILES = """jaricom jcomapi jdapimin jdapistd jdarith jdatasrc jdcoefct jdcolor jddctmgr jdhuff jdinput jdmainct jdmarker
jdmaster jdmerge jdphuff jdpostct jdsample jerror jidctflt jidctfst jidctint jidctred jmemmgr jmemnobs jpeg_nbits jquant1
jquant2 jutils""".split()

HERE = pathlib.Path(__file__).parent.resolve()


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", f"ziglang=={ZIG}", "-d", folder], check=True)
        with zipfile.ZipFile(next(folder.glob("ziglang-*.whl"))) as wheel:
            wheel.extractall(folder)
        zig = folder / "ziglang/zig"
        zig.chmod(0o755)
        crate = folder / "crate"
        subprocess.run(["cargo", "init", "-q", "--name", "sources", crate], check=True)
        for name, version in CRATES.items():
            subprocess.run(["cargo", "add", "-q", f"{name}@={version}"], cwd=crate, check=True)
        subprocess.run(["cargo", "vendor", "-q"], cwd=crate, check=True, stdout=subprocess.DEVNULL)
        lcms = crate / "vendor/lcms2-sys/vendor"
        jpeg = crate / "vendor/turbojpeg-sys/libjpeg-turbo/src"
        (folder / "jversion.h").write_text((jpeg / "jversion.h.in").read_text().replace("@COPYRIGHT_YEAR@", "1991-2025"))
        compile_one(zig, out / "color.wasm", ["-O2", "-DCMS_NO_PTHREADS", f"-I{lcms}/include"], sorted((lcms / "src").glob("*.c")))
        includes = [f"-I{HERE}", f"-I{folder}", f"-I{jpeg}"]
        compile_one(zig, out / "jpeg.wasm", ["-O3", "-w", "-DNO_GETENV", *includes], [jpeg / f"{name}.c" for name in JPEG_FILES])


def compile_one(zig, wasm, options, sources):
    """Compiles NAME.c of this folder with the sources of its library."""
    own = HERE / f"{wasm.stem}.c"
    flags = ["-target", "wasm32-wasi", "-mexec-model=reactor", "-flto", "-DNDEBUG"]
    linker = ["-Wl,--gc-sections,--strip-all,--import-symbols,-z,stack-size=1048576"]
    subprocess.run([zig, "cc", *flags, *options, own, *sources, *linker, "-o", wasm], check=True)
    print(f"{wasm}: {wasm.stat().st_size} bytes, SHA-256 {hashlib.sha256(wasm.read_bytes()).hexdigest()}")


main(pathlib.Path(sys.argv[1]).resolve())
