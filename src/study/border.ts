/**
 * Where on a ladder of values, from the hardest to the easiest, a condition begins to hold. It gallops from a start to
 * a pair of rungs of which one holds and the other does not, halves the distance between them, and then looks at rungs
 * on both sides whether what was found can be trusted: a condition that holds, fails and holds again has no single
 * border. Then it scans what lies between the outermost rungs that it tried. It knows nothing of what is asked; whether
 * a rung holds may take minutes to find out.
 */

export interface Border {
  /**
   * The hardest rung from which on all easier ones that were tried hold, or of the easiest band of such; null: none
   * holds.
   */
  found: number | null;
  /** False: a rung that does not hold is easier than one that does. */
  monotone: boolean;
}

/** About a factor of two, on ladders of 32 rungs an octave. */
const LEAP = 32;
const SCAN = 16;
/** From the border, where monotonicity is looked at: a little away, and up to 64 times as much or as little. */
const DISTANCES = [4, 32, 96, 192];

/** `holds` is asked once of each rung. */
export async function borderOf(
  rungs: number,
  start: number,
  holds: (rung: number) => Promise<boolean>,
): Promise<Border> {
  const known = new Map<number, boolean>();
  const ask = async (rung: number): Promise<boolean> => {
    const answer = known.get(rung) ?? (await holds(rung));
    known.set(rung, answer);
    return answer;
  };
  const border = await gallop(rungs, start, ask);
  const around = border === null ? harderThan(start) : DISTANCES.flatMap((away) => [border + away, border - 1 - away]);
  for (const rung of around) if (rung >= 0 && rung < rungs) await ask(rung);
  if (isMonotone(known)) return { found: border, monotone: true };
  const outermost = [...known.keys()];
  for (let rung = Math.min(...outermost); rung <= Math.max(...outermost); rung += SCAN) await ask(rung);
  return { found: await edgeOf(known, rungs, ask), monotone: false };
}

/**
 * The hard edge of the easiest band in which every rung that was tried holds: what lies beyond a rung that fails is no
 * place to be, however hard the rungs are that hold there.
 */
async function edgeOf(known: ReadonlyMap<number, boolean>, rungs: number, ask: Ask): Promise<number> {
  const tried = [...known.keys()].sort((a, b) => b - a);
  const easiest = tried.findIndex((rung) => known.get(rung)!);
  const failing = tried.findIndex((rung, index) => index > easiest && !known.get(rung)!);
  if (failing < 0) return (await gallop(rungs, tried.at(-1)!, ask))!;
  return halved(tried[failing]!, tried[failing - 1]!, ask);
}

type Ask = (rung: number) => Promise<boolean>;

/** Null: not even the easiest holds. */
async function gallop(rungs: number, start: number, ask: Ask): Promise<number | null> {
  const last = rungs - 1;
  if (await ask(start)) {
    let easy = start;
    for (let leap = LEAP; easy > 0; leap *= 2) {
      const hard = Math.max(0, easy - leap);
      if (!(await ask(hard))) return halved(hard, easy, ask);
      easy = hard;
    }
    return easy;
  }
  let hard = start;
  for (let leap = LEAP; hard < last; leap *= 2) {
    const easy = Math.min(last, hard + leap);
    if (await ask(easy)) return halved(hard, easy, ask);
    hard = easy;
  }
  return null;
}

/** The first that holds, between one that does not and one that does. */
async function halved(hard: number, easy: number, ask: Ask): Promise<number> {
  let [failing, holding] = [hard, easy];
  while (holding - failing > 1) {
    const middle = (failing + holding) >> 1;
    if (await ask(middle)) holding = middle;
    else failing = middle;
  }
  return holding;
}

/** Where nothing easier holds, something harder may. */
function harderThan(start: number): number[] {
  const rungs: number[] = [];
  for (let leap = LEAP; start - leap > 0; leap *= 2) rungs.push(start - leap);
  return [...rungs, 0];
}

function isMonotone(known: ReadonlyMap<number, boolean>): boolean {
  const answers = [...known].sort(([a], [b]) => a - b).map(([, answer]) => answer);
  return answers.lastIndexOf(false) < (answers.indexOf(true) === -1 ? answers.length : answers.indexOf(true));
}
