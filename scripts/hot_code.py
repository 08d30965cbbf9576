"""Prints the machine code of some cases of the interpreter's switch; called by hot-code.sh.

The dispatch is a jump table of 32-bit distances. Its address is the operand of the last `lea …(%rip)` before the indirect
jump; entry N belongs to selector N, which is the opcode with the two flags that make B (64) or C (128) a constant.
"""
import re
import struct
import subprocess
import sys

binary = sys.argv[1]
source = open("Sources/KtapBytecode/Instruction.swift").read()
body = source[source.index("public enum Operation"):source.index("/// Arithmetic on two operands")]
names = [name for line in re.findall(r"^  case (.*)$", body, re.M) for name in line.split(", ")]
wanted = [("add", 0), ("add", 128), ("less", 128), ("forLoop", 0), ("getTable", 0), ("setTable", 0), ("update", 128), ("move", 0)]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


symbol = next(
    line.split()[2] for line in run("nm", "--defined-only", binary).splitlines()
    if "11InterpreterO3run" in line and line.split()[1] in "tT")
lines = []
for line in run("objdump", "-d", "--no-show-raw-insn", f"--disassemble={symbol}", binary).splitlines():
    match = re.match(r"^ +([0-9a-f]+):\t(.*)$", line)
    if match:
        text = re.sub(r"\s+", " ", match[2]).strip()
        lines.append((int(match[1], 16), re.sub(r"<\$?(\S+?)\+0x[0-9a-f]+>", "", text)))
jump = next(index for index, (_, text) in enumerate(lines) if re.match(r"(notrack )?jmp \*%", text))
table = None
for _, text in lines[:jump]:
    match = re.search(r"lea .*\(%rip\),.*# ([0-9a-f]+)", text)
    if match:
        table = int(match[1], 16)
sections = re.findall(r"\] (\S+) +PROGBITS +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", run("readelf", "-SW", binary))
name, address, offset, _ = next(
    (name, int(a, 16), int(o, 16), int(s, 16)) for name, a, o, s in sections
    if int(a, 16) <= table < int(a, 16) + int(s, 16))
image = open(binary, "rb").read()
positions = {at: index for index, (at, _) in enumerate(lines)}


def target(selector):
    at = offset + table - address + 4 * selector
    return table + struct.unpack("<i", image[at:at + 4])[0]


dispatch = lines[max(0, jump - 12):jump + 1]
print("dispatch, the one indirect jump:\n")
for at, text in dispatch:
    print(f"    {at:x}: {text}")
for operation, flags in wanted:
    title = operation + (" with a constant C" if flags == 128 else "")
    print(f"\n{title}:\n")
    index = positions[target(names.index(operation) | flags)]
    for at, text in lines[index:index + 48]:
        print(f"    {at:x}: {text}")
        if text.startswith("jmp"):
            break
