"""cppcheck, warnings and portability, with its own cache in the build folder."""

import os
import subprocess

NAME = "cppcheck"
RULE = "cppcheck has no complaint"

OPTIONS = ["--enable=warning,performance,portability", "--std=c11", "--platform=unix64",
           "--language=c", "--inline-suppr", "--quiet", "--error-exitcode=1", "--suppress=missingIncludeSystem",
           "--suppress=checkersReport", "--suppress=normalCheckLevelMaxBranches",
           "--suppress=preprocessorErrorDirective",
           "--suppress=CastIntegerToAddressAtReturn",  # the compilers know the types better
           "--suppress=ctuuninitvar",  # takes every out parameter for an uninitialised input
           # it does not read the headers of libraries (and takes a semicolon for the next macro)
           "-Djson_object_foreach(object,key,value)=while(((key)=next_key(object))&&((value)=next_value(object)))",
           "-Djson_array_foreach(array,index,value)=while(((index)=next_index(array))<9&&((value)=next_value(array)))",
           "--template={file}:{line}: {severity} {id}: {message}"]


def find(tree):
    sources = tree.ending(".c")
    if not sources:
        return []
    cache = os.path.join(tree.build, "lint-cppcheck")
    os.makedirs(cache, exist_ok=True)
    done = subprocess.run(["cppcheck", *OPTIONS, f"--cppcheck-build-dir={cache}",
                           f"-j{os.cpu_count() or 1}", "-I", ".", "-D_GNU_SOURCE", *sources],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return (done.stderr.strip() or done.stdout.strip()).splitlines()
