/**
 * The untrained head that trained ones are compared with.
 *
 * @module
 */
import { loadClassifier } from "../src/classifier/load.ts";
import { startingClassifier, untrainedHead } from "../src/ptame/untrained_head.ts";

/**
 * The class-activation start of a network that is backbone and auxiliary in one, as a head file.
 *
 * @throws {TypeError} When its scores are not a linear layer on its last tap.
 */
export async function startingHeadFile(name: string): Promise<Uint8Array> {
  const network = await loadClassifier({ model: name });
  const pair = { auxiliary: network, backbone: network };
  const classifier = startingClassifier(pair);
  if (classifier === undefined) throw new TypeError(`Cannot start a head from the classifier of ${name}`);
  return (await untrainedHead(pair, classifier)).bytes;
}
