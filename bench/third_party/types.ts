/**
 * What networks.py says of a file, and what measure.ts finds.
 *
 * @module
 */

/** What PyTorch and ONNX Runtime have for a file; arrays are float32 in base64. */
export interface Expected {
  /** Why there is no file. */
  readonly failed?: string;
  /** Width and height of the image. */
  readonly side: number;
  /** The class that is explained. */
  readonly target: number;
  /** Scores of ONNX Runtime for the file. */
  readonly runtime?: string;
  /** Shares of the image at which gradients were taken. */
  readonly points?: readonly number[];
  /** Gradients of the class's score with respect to the image, one after the other. */
  readonly gradients?: string;
  /** Grad-CAM at the outputs of modules. */
  readonly cams: readonly {
    readonly module: string;
    readonly layout: string;
    /** Channels, rows, columns. */
    readonly shape: readonly number[];
    readonly sum: number;
    readonly norm: number;
    readonly map: string;
  }[];
}

/** One part's result. */
export interface Cell {
  /** Why it did not work. */
  readonly refused?: string;
  /** Largest difference from the reference over its largest magnitude; absent where there is none. */
  readonly away?: number;
  /** The layer that was used. */
  readonly layer?: string;
  /** The module of PyTorch with the same values. */
  readonly module?: string;
  /** Loss of the last step. */
  readonly loss?: number;
}

/** What was found for one file. */
export interface Measured {
  readonly file: string;
  /** Why it was not made or not opened. */
  readonly failed?: string;
  readonly explain?: Cell;
  readonly gradcam?: Cell;
  readonly integrated?: Cell;
  readonly trained?: Cell;
  readonly exported?: Cell;
  readonly seconds?: number;
  readonly device?: string;
}
