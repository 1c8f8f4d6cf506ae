// What a walkthrough needs of a browser, and no more, so that the same one can be
// taken in browsers that are driven in different ways.

export type Key = 'Enter' | 'Escape';

export interface Browser {
  goTo(url: string): Promise<void>;
  /** Runs a function in the page; what it takes and gives is JSON, and it uses nothing from around it. */
  evaluate<Given extends unknown[], Answer>(work: (...given: Given) => Answer, ...given: Given): Promise<Answer>;
  /** Clicks the element that this selector finds first, as a hand would. */
  click(selector: string): Promise<void>;
  /** Types into the field that this selector finds first, behind what is in it. */
  type(selector: string, text: string): Promise<void>;
  press(key: Key): Promise<void>;
  /** What it complained about so far, as far as it tells. */
  complaints(): Promise<string[]>;
  close(): Promise<void>;
}
