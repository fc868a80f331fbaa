/** @types/seedrandom covers the main entry only; this is the part of lib/xor128 that is used. */
declare module "seedrandom/lib/xor128.js" {
  import type { PRNG } from "seedrandom";
  export default function xor128(seed?: string | number): PRNG;
}
