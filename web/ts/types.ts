// What the server sends and takes; the names are those of the API.

export interface Text { zh: string; en?: string }
export interface Option { value: string; label: Text }
export interface Field {
  key: string; label: Text; type: string; required?: boolean; normal?: string;
  min?: number; max?: number; options?: Option[]; when?: { field: string; equals: string };
}
export interface Result { code: string; zh: string; en: string; class: string; answers?: string; short?: boolean }
export interface Fresh { field: string; value: string }
export interface Round {
  id: string; name: string; kind: string; fields: Field[]; each?: Field[]; results: Result[]; photo?: boolean;
}
export interface Item {
  round_id: string; object_id: string; state: string; attempts?: number; part?: string; members?: string[]; fresh?: Fresh[];
}
export interface Card {
  key: string; place_id: string; unit?: string; label: string; where: string; door?: boolean; evening?: boolean; items: Item[];
}
export interface Day {
  at_ms: number; places: { id: string; name: string }[]; rounds: Round[]; cards: Card[]; more?: boolean;
}

export interface Member { person_id: string; answers?: { [key: string]: string }; exempt?: string }
export interface Mark {
  round_id: string; object_id: string; result: string; answers?: { [key: string]: string }; members?: Member[];
  note?: string; how?: string; photo_id?: string; client_key: string; claimed_ms: number; sent_ms?: number; correct?: boolean;
}

// waiting: not answered yet. done, late, older, differs: kept by the server.
// refused: not kept, for the reason given.
export type State = 'waiting' | 'done' | 'late' | 'older' | 'differs' | 'refused';

// Rec is a mark on its way. Only key, account, time and state lie open on the
// phone; the rest is sealed.
export interface Rec {
  key: string; account: string; at: number; state: State;
  body: { mark: Mark; door: string; label: string; round: string; word: string; klass: string; photo?: boolean; reason?: string; moved?: boolean };
}

// Who is logged in, as the page says.
export interface Who { account: string; session: string; ends: number }
