/** The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B). */
import { byteAt } from "../bytes.ts";

/**
 * The code is canonical: within one length codes rise with the symbol, and each length goes on where the shorter one
 * ended. So the symbols of each length say everything. The end-of-string symbol is the last code of 30 bits.
 */
const SYMBOLS_BY_LENGTH: readonly (readonly [bits: number, symbols: string])[] = [
  [5, "012aceiost"],
  [6, " %-./3456789=A_bdfghlmnpru"],
  [7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"],
  [8, "&*,;XZ"],
  [10, '!"()?'],
  [11, "'+|"],
  [12, "#>"],
  [13, "\x00$@[]~"],
  [14, "^}"],
  [15, "<`{"],
  [19, "\\\xc3\xd0"],
  [20, "\x80\x82\x83\xa2\xb8\xc2\xe0\xe2"],
  [21, "\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6"],
  [22, "\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd\xbe\xc4\xc6\xe4\xe8\xe9"],
  [
    23,
    "\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5\xa6\xa8\xae\xaf\xb4\xb6\xb7\xbc\xbf\xc5\xe7\xef",
  ],
  [24, "\x09\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed"],
  [25, "\xc7\xcf\xea\xeb"],
  [26, "\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff"],
  [27, "\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe"],
  [
    28,
    "\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\xdc\xf9",
  ],
  [30, "\x0a\x0d\x16"],
];

const END_OF_STRING = 256;
const END_OF_STRING_CODE = 0x3fffffff;
const CODES = new Uint32Array(257);
const CODE_BITS = new Uint8Array(257);

function assignCodes(): void {
  let code = 0;
  let previousBits = 0;
  for (const [bits, symbols] of SYMBOLS_BY_LENGTH) {
    code *= 2 ** (bits - previousBits);
    previousBits = bits;
    for (let index = 0; index < symbols.length; index++) {
      CODES[symbols.charCodeAt(index)] = code++;
      CODE_BITS[symbols.charCodeAt(index)] = bits;
    }
  }
  CODES[END_OF_STRING] = END_OF_STRING_CODE;
  CODE_BITS[END_OF_STRING] = 30;
}

/** Decoding works in steps of four bits: 16 transitions for each of the 256 inner nodes of the code's tree. */
const INNER_NODES = 256;
const TRANSITIONS = new Uint32Array(INNER_NODES * 16);
/** Whether a string may end at this node: the bits since the last symbol are at most seven ones (RFC 7541 section 5.2). */
const ACCEPTING = new Uint8Array(INNER_NODES);
const EMITS = 0x10000;
const FAILS = 0x20000;

function buildTransitions(): void {
  // Children of node n at 2n and 2n + 1: an inner node's number, or ~symbol.
  const children = new Int32Array(INNER_NODES * 2);
  let nodes = 1;
  for (let symbol = 0; symbol <= END_OF_STRING; symbol++) {
    const code = codeOf(symbol);
    let node = 0;
    for (let bit = bitsOf(symbol) - 1; bit > 0; bit--) {
      const edge = node * 2 + ((code >>> bit) & 1);
      if (children[edge] === 0) children[edge] = nodes++;
      node = children[edge] ?? 0;
    }
    children[node * 2 + (code & 1)] = ~symbol;
  }
  for (let node = 0; node < INNER_NODES; node++) {
    for (let nibble = 0; nibble < 16; nibble++) TRANSITIONS[node * 16 + nibble] = walk(children, node, nibble);
  }
  for (let node = 0, depth = 0; depth < 8; depth++) {
    ACCEPTING[node] = 1;
    node = children[node * 2 + 1] ?? 0;
  }
}

/** Follows four bits from a node: the next node in bits 0-7, an emitted symbol in bits 8-15, then the two marks. */
function walk(children: Int32Array, from: number, nibble: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = children[node * 2 + ((nibble >>> bit) & 1)] ?? 0;
    if (child >= 0) {
      node = child;
      continue;
    }
    if (~child === END_OF_STRING) return FAILS;
    // The shortest code has five bits: four never finish two symbols.
    emitted = EMITS | (~child << 8);
    node = 0;
  }
  return emitted | node;
}

function codeOf(symbol: number): number {
  return CODES[symbol] as number;
}

function bitsOf(symbol: number): number {
  return CODE_BITS[symbol] as number;
}

assignCodes();
buildTransitions();

/** The longest text that `bytes` of code can stand for. */
export function maxDecodedBytes(bytes: number): number {
  return Math.ceil((bytes * 8) / 5);
}

/** Decodes `source[start, end)` to the start of `target`; returns the length, or -1 for a wrong code or padding. */
export function decodeHuffman(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let node = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = byteAt(source, at);
    let step = TRANSITIONS[node * 16 + (byte >>> 4)] as number;
    if (step >= EMITS) {
      if (step >= FAILS) return -1;
      target[length++] = step >>> 8;
    }
    step = TRANSITIONS[(step & 0xff) * 16 + (byte & 0xf)] as number;
    if (step >= EMITS) {
      if (step >= FAILS) return -1;
      target[length++] = step >>> 8;
    }
    node = step & 0xff;
  }
  return ACCEPTING[node] === 1 ? length : -1;
}

/** The length of Latin-1 `text` in this code. */
export function huffmanBytes(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits += bitsOf(text.charCodeAt(index) & 0xff);
  return Math.ceil(bits / 8);
}

/** Writes Latin-1 `text` in this code; returns the place after it. */
export function encodeHuffman(text: string, target: Uint8Array, at: number): number {
  let pending = 0;
  let pendingBits = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index) & 0xff;
    let bits = bitsOf(symbol);
    const code = codeOf(symbol);
    while (bits > 0) {
      const taken = Math.min(8 - pendingBits, bits);
      bits -= taken;
      pending = (pending << taken) | ((code >>> bits) & (2 ** taken - 1));
      pendingBits += taken;
      if (pendingBits === 8) {
        target[at++] = pending;
        pending = 0;
        pendingBits = 0;
      }
    }
  }
  if (pendingBits > 0) target[at++] = (pending << (8 - pendingBits)) | (0xff >>> pendingBits);
  return at;
}
