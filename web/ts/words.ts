// Words come from the page (data-* of #words), in its language; none stand here.
const box = () => document.getElementById('words');

export function word(name: string, ...args: (string | number)[]): string {
  const b = box();
  const t = (b && b.getAttribute('data-' + name)) || '';
  return t.replace(/\{(\d)\}/g, (_, n) => String(args[+n]));
}
export const lang = (): 'zh' | 'en' => (document.documentElement.lang === 'en' ? 'en' : 'zh');
export const text = (t: { zh: string; en?: string }): string => (lang() === 'en' && t.en) || t.zh;

export function el(tag: string, cls?: string, content?: string): HTMLElement {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (content) e.textContent = content;
  return e;
}
export function each<T extends Element>(root: ParentNode, sel: string, fn: (e: T) => void): void {
  Array.prototype.forEach.call(root.querySelectorAll(sel), fn);
}
export function toast(message: string, kind: string): void {
  const w = (window as any).wangge;
  if (w) w.toast(message, kind);
}

// clock writes a time as the pages do: that of UTC+8.
export function clock(ms: number): string {
  return new Date(ms + 8 * 3600000).toISOString().slice(0, 16).replace('T', ' ');
}
